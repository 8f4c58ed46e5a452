// The keys of a batch as load scripts of bounded size, and their answers taken apart.
import { PackedBytes } from './packed-bytes.ts'
import type { ScriptBounds } from './script-bounds.ts'

export class ReadChunk {
  private readonly keys: Buffer[] = []
  private readonly hashes: { readonly name: string; readonly keys: PackedBytes }[] = []
  private bytes = 0

  hasRoom(key: Buffer, { fieldsMax, bytesMax }: ScriptBounds): boolean {
    return this.keys.length === 0 || (this.keys.length < fieldsMax && this.bytes + key.length <= bytesMax)
  }

  /** Keys of one hash come one after another. */
  add(hashName: string, key: Buffer): void {
    let hash = this.hashes.at(-1)
    if (hash?.name !== hashName) {
      hash = { name: hashName, keys: new PackedBytes() }
      this.hashes.push(hash)
    }
    hash.keys.add(key, 0, key.length)
    this.keys.push(key)
    this.bytes += key.length
  }

  scriptArguments(): (string | Buffer)[] {
    return this.hashes.flatMap(({ name, keys }) => [name, keys.view()])
  }

  /** Visits each key with where its value lies in the answer; undefined if there is none. */
  readAnswer(
    [lengths, values]: readonly [Buffer, Buffer],
    visit: (key: Buffer, value: Buffer | undefined, valueStart: number, valueEnd: number) => void,
  ): void {
    let start = 0
    for (const [i, key] of this.keys.entries()) {
      const length = lengths.readInt32BE(i * 4)
      const end = start + Math.max(length, 0)
      visit(key, length < 0 ? undefined : values, start, end)
      start = end
    }
  }
}

/** At least one chunk, even of no keys: the position is checked whatever is read. */
export function readChunks(keysByHash: ReadonlyMap<string, readonly Buffer[]>, bounds: ScriptBounds): ReadChunk[] {
  let chunk = new ReadChunk()
  const chunks = [chunk]
  for (const [hashName, keys] of keysByHash) {
    for (const key of keys) {
      if (!chunk.hasRoom(key, bounds)) {
        chunk = new ReadChunk()
        chunks.push(chunk)
      }
      chunk.add(hashName, key)
    }
  }
  return chunks
}
