// What a versioned store keeps of a key: its newest version, what is kept of it, and the hashes of the contents seen at that version's time.
import type { Hash64 } from '../core/hash.ts'

/** Two 32-bit halves a hash, the current content's last. */
export type ContentHashes = readonly number[]

/** More contents at one time are forgotten, oldest first; one that returns would then count as a conflict, not as a duplicate. */
const HASHES_MAX = 8

export class VersionedRow<S, Ver> {
  readonly version: Ver
  readonly hashes: ContentHashes
  readonly kept: S

  constructor(fields: { readonly version: Ver; readonly hashes: ContentHashes; readonly kept: S }) {
    this.version = fields.version
    this.hashes = fields.hashes
    this.kept = fields.kept
  }
}

export function hashesOf({ high, low }: Hash64): ContentHashes {
  return [high | 0, low | 0]
}

/** `hashes` with this one last. */
export function withHash(hashes: ContentHashes, hash: Hash64): ContentHashes {
  const seenAt = positionOf(hashes, hash)
  const others = seenAt < 0 ? hashes : [...hashes.slice(0, seenAt), ...hashes.slice(seenAt + 2)]
  return [...others.slice(-2 * (HASHES_MAX - 1)), ...hashesOf(hash)]
}

export function hasSeen(hashes: ContentHashes, hash: Hash64): boolean {
  return positionOf(hashes, hash) >= 0
}

export function isCurrent(hashes: ContentHashes, hash: Hash64): boolean {
  return isAt(hashes, hashes.length - 2, hash)
}

function positionOf(hashes: ContentHashes, hash: Hash64): number {
  for (let at = 0; at < hashes.length; at += 2) if (isAt(hashes, at, hash)) return at
  return -1
}

function isAt(hashes: ContentHashes, at: number, { high, low }: Hash64): boolean {
  return hashes[at] === (high | 0) && hashes[at + 1] === (low | 0)
}
