// Fixed-size buffers that encoded rows live in until their transaction is certain; reused, because fresh large buffers cost full collections.

export interface Chunk {
  readonly buffer: Buffer
  readonly view: DataView
}

export const chunkBytes = 65_536

export class ChunkPool {
  private readonly free: Chunk[] = []
  private readonly keepMax: number

  /** Keeps at most `keepMax` unused chunks; more are left to the collector. */
  constructor(keepMax = 1024) {
    this.keepMax = keepMax
  }

  take(bytes = chunkBytes): Chunk {
    if (bytes > chunkBytes) return chunkOf(bytes)
    return this.free.pop() ?? chunkOf(chunkBytes)
  }

  give(chunk: Chunk): void {
    if (chunk.buffer.length === chunkBytes && this.free.length < this.keepMax) this.free.push(chunk)
  }
}

function chunkOf(bytes: number): Chunk {
  const buffer = Buffer.allocUnsafeSlow(bytes)
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, bytes) }
}
