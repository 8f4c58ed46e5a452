// A flush as apply scripts of bounded size: each key once, with its newest value, in bytes of our own.
import type { Changes } from '../backend.ts'
import { WriteBuffer } from '../write-buffer.ts'
import { PackedBytes } from './packed-bytes.ts'
import type { ScriptBounds } from './script-bounds.ts'
import type { StoreLayout } from './store-layout.ts'

type VisitChange = Parameters<Changes['forEach']>[0]

/** What a flush writes; kept from flush to flush for its memory. */
export class FlushContents {
  private readonly byStore = new Map<string, WriteBuffer>()

  collect(changes: Changes): void {
    for (const written of this.byStore.values()) written.clear()
    changes.forEach((store, key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      const written = this.of(store)
      if (value === undefined) written.delete(key, keyStart, keyEnd)
      else written.put(key, keyStart, keyEnd, value, valueStart, valueEnd)
    })
  }

  /** Those it writes to. */
  stores(): string[] {
    return [...this.byStore].filter(([, { count }]) => count > 0).map(([store]) => store)
  }

  /** Each key once. */
  forEach(visit: VisitChange): void {
    for (const [store, written] of this.byStore)
      written.forEach((key, keyStart, keyEnd, value, valueStart, valueEnd) => {
        visit(store, key, keyStart, keyEnd, value, valueStart, valueEnd)
      })
  }

  private of(store: string): WriteBuffer {
    let written = this.byStore.get(store)
    if (written === undefined) {
      written = new WriteBuffer()
      this.byStore.set(store, written)
    }
    return written
  }
}

export class FlushChunk {
  private readonly layout: StoreLayout
  private readonly hashes = new Map<string, HashChanges>()
  private fields = 0
  private bytes = 0

  constructor(layout: StoreLayout) {
    this.layout = layout
  }

  hasRoom(bytes: number, { fieldsMax, bytesMax }: ScriptBounds): boolean {
    return this.fields === 0 || (this.fields < fieldsMax && this.bytes + bytes <= bytesMax)
  }

  add: VisitChange = (store, key, keyStart, keyEnd, value, valueStart, valueEnd) => {
    const { puts, deletes } = this.hash(this.layout.hashName(store, key, keyStart, keyEnd))
    if (value === undefined) {
      deletes.add(key, keyStart, keyEnd)
    } else {
      puts.add(key, keyStart, keyEnd)
      puts.add(value, valueStart, valueEnd)
    }
    this.fields++
    this.bytes += keyEnd - keyStart + valueEnd - valueStart
  }

  hashNames(): readonly string[] {
    return [...this.hashes.keys()]
  }

  scriptArguments(): (string | number | Buffer)[] {
    const hashes = [...this.hashes].flatMap(([name, { puts, deletes }]) => [name, puts.view(), deletes.view()])
    return [this.hashes.size, ...hashes]
  }

  private hash(name: string): HashChanges {
    let hash = this.hashes.get(name)
    if (hash === undefined) {
      hash = { puts: new PackedBytes(), deletes: new PackedBytes() }
      this.hashes.set(name, hash)
    }
    return hash
  }
}

interface HashChanges {
  readonly puts: PackedBytes
  readonly deletes: PackedBytes
}

/** At least one chunk: the last one moves the checkpoint. */
export function flushChunks(contents: FlushContents, layout: StoreLayout, bounds: ScriptBounds): FlushChunk[] {
  let chunk = new FlushChunk(layout)
  const chunks = [chunk]
  contents.forEach((store, key, keyStart, keyEnd, value, valueStart, valueEnd) => {
    if (!chunk.hasRoom(keyEnd - keyStart + valueEnd - valueStart, bounds)) {
      chunk = new FlushChunk(layout)
      chunks.push(chunk)
    }
    chunk.add(store, key, keyStart, keyEnd, value, valueStart, valueEnd)
  })
  return chunks
}
