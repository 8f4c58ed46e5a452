// What a versioned store keeps of a key: its newest version, what is kept of it, and the hashes of the contents seen at that version's time.
import { assert } from '../core/assert.ts'
import type { Hash64 } from '../core/hash.ts'

const HASH_BYTES = 8
/** More contents at one time are forgotten, oldest first; one that returns would then count as a conflict, not as a duplicate. */
const HASHES_MAX = 8

export class VersionedRow<S, Ver> {
  readonly version: Ver
  /** 8 bytes a hash, the current content's last. */
  readonly hashes: Buffer
  readonly kept: S

  constructor({ version, hashes, kept }: { readonly version: Ver; readonly hashes: Buffer; readonly kept: S }) {
    this.version = version
    this.hashes = hashes
    this.kept = kept
  }
}

export function hashesOf(hash: Hash64): Buffer {
  return withHash(Buffer.alloc(0), hash)
}

/** `hashes` with this one last. */
export function withHash(hashes: Buffer, hash: Hash64): Buffer {
  assert(hashes.length % HASH_BYTES === 0, 'hashes have 8 bytes each')
  const seenAt = positionOf(hashes, hash)
  const others = seenAt < 0 ? hashes : Buffer.concat([hashes.subarray(0, seenAt), hashes.subarray(seenAt + HASH_BYTES)])
  const kept = others.subarray(Math.max(0, others.length - (HASHES_MAX - 1) * HASH_BYTES))
  const result = Buffer.alloc(kept.length + HASH_BYTES)
  kept.copy(result)
  result.writeUInt32BE(hash.high, kept.length)
  result.writeUInt32BE(hash.low, kept.length + 4)
  return result
}

export function hasSeen(hashes: Buffer, hash: Hash64): boolean {
  return positionOf(hashes, hash) >= 0
}

export function isCurrent(hashes: Buffer, hash: Hash64): boolean {
  return hashes.length > 0 && isAt(hashes, hashes.length - HASH_BYTES, hash)
}

function positionOf(hashes: Buffer, hash: Hash64): number {
  for (let at = 0; at < hashes.length; at += HASH_BYTES) if (isAt(hashes, at, hash)) return at
  return -1
}

function isAt(hashes: Buffer, at: number, { high, low }: Hash64): boolean {
  return hashes.readUInt32BE(at) === high && hashes.readUInt32BE(at + 4) === low
}
