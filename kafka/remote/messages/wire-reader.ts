// Reads the bodies of answers in Kafka's flexible encoding; tagged fields that nobody asked for are skipped.
import { StreamsError } from '../../../core/errors.ts'
import { readInt64 } from '../../record-batch/batch-layout.ts'

const nothing = Buffer.alloc(0)

export class WireReader {
  private readonly buffer: Buffer
  private position = 0

  constructor(buffer: Buffer) {
    this.buffer = buffer
  }

  boolean(): boolean {
    return this.int8() !== 0
  }

  int8(): number {
    return this.buffer.readInt8(this.take(1))
  }

  int16(): number {
    return this.buffer.readInt16BE(this.take(2))
  }

  int32(): number {
    return this.buffer.readInt32BE(this.take(4))
  }

  int64(): number {
    return readInt64(this.buffer, this.take(8))
  }

  /** As Kafka's own tools print it. */
  uuid(): string {
    const at = this.take(16)
    return this.buffer.toString('base64url', at, at + 16)
  }

  text(): string {
    return this.optionalText() ?? ''
  }

  optionalText(): string | undefined {
    const length = this.unsigned() - 1
    if (length < 0) return undefined
    const at = this.take(length)
    return this.buffer.utf8Slice(at, at + length)
  }

  /** A view; a null is empty. */
  bytes(): Buffer {
    const length = this.unsigned() - 1
    if (length <= 0) return nothing
    const at = this.take(length)
    return this.buffer.subarray(at, at + length)
  }

  /** A null array is empty. */
  array<Item>(read: () => Item): Item[] {
    const length = this.unsigned() - 1
    if (length > this.buffer.length - this.position) throw damaged(`an array claims ${length} items`)
    return Array.from({ length: Math.max(0, length) }, read)
  }

  skipTags(): void {
    this.tags(() => {})
  }

  /** Calls `read` for every tagged field; what it leaves unread is skipped. */
  tags(read: (tag: number) => void): void {
    for (let left = this.unsigned(); left > 0; left--) {
      const tag = this.unsigned()
      const length = this.unsigned()
      const end = this.position + length
      read(tag)
      this.position = end
    }
  }

  /** For the last field: an answer with more bytes is of another version than we think. */
  end(): void {
    if (this.position !== this.buffer.length) {
      throw damaged(`${this.buffer.length - this.position} bytes are left behind an answer`)
    }
  }

  private unsigned(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const next = this.buffer.readUInt8(this.take(1))
      value += (next & 127) * scale
      if (next < 128) return value
      if (scale > 2 ** 28) throw damaged('a length is longer than 5 bytes')
    }
  }

  private take(count: number): number {
    const at = this.position
    this.position += count
    if (this.position > this.buffer.length) throw damaged('an answer ends too early')
    return at
  }
}

const damaged = (what: string) => new StreamsError('protocol_error', `a broker sent what we cannot read: ${what}`)
