// Writes the bodies of requests: Kafka's flexible encoding only, since every version we send has it. Record batches are passed on, not copied.
import { writeInt64 } from '../../record-batch/batch-layout.ts'

const zeroUuid = Buffer.alloc(16)

export class WireWriter {
  private buffer: Buffer
  private position = 0
  /** Where the part begins that is not yet in `done`. */
  private start = 0
  private readonly done: Buffer[] = []

  constructor(capacity = 512) {
    this.buffer = Buffer.allocUnsafe(capacity)
  }

  boolean(value: boolean): void {
    this.int8(value ? 1 : 0)
  }

  int8(value: number): void {
    this.reserve(1)
    this.position = this.buffer.writeInt8(value, this.position)
  }

  int16(value: number): void {
    this.reserve(2)
    this.position = this.buffer.writeInt16BE(value, this.position)
  }

  int32(value: number): void {
    this.reserve(4)
    this.position = this.buffer.writeInt32BE(value, this.position)
  }

  int64(value: number): void {
    this.reserve(8)
    writeInt64(this.buffer, this.position, value)
    this.position += 8
  }

  text(value: string): void {
    const length = Buffer.byteLength(value)
    this.unsigned(length + 1)
    this.reserve(length)
    this.position += this.buffer.utf8Write(value, this.position)
  }

  optionalText(value: string | undefined): void {
    if (value === undefined) this.unsigned(0)
    else this.text(value)
  }

  bytes(value: Buffer): void {
    this.unsigned(value.length + 1)
    this.reserve(value.length)
    this.position += value.copy(this.buffer, this.position)
  }

  /** By reference: `value` must not change until the answer is in. */
  records(value: Buffer): void {
    this.unsigned(value.length + 1)
    this.cut()
    this.done.push(value)
  }

  /** For a request by name: the id is not asked for. */
  noUuid(): void {
    this.reserve(16)
    this.position += zeroUuid.copy(this.buffer, this.position)
  }

  array<Item>(items: readonly Item[], write: (item: Item) => void): void {
    this.unsigned(items.length + 1)
    for (const item of items) write(item)
  }

  optionalArray<Item>(items: readonly Item[] | undefined, write: (item: Item) => void): void {
    if (items === undefined) this.unsigned(0)
    else this.array(items, write)
  }

  /** The section of tagged fields that ends every structure; we never send one. */
  noTags(): void {
    this.int8(0)
  }

  /** What was written, in order. */
  parts(): readonly Buffer[] {
    this.cut()
    return this.done
  }

  private unsigned(value: number): void {
    this.reserve(5)
    let rest = value
    while (rest > 127) {
      this.buffer[this.position++] = (rest & 127) | 128
      rest >>>= 7
    }
    this.buffer[this.position++] = rest
  }

  private cut(): void {
    if (this.position > this.start) this.done.push(this.buffer.subarray(this.start, this.position))
    this.start = this.position
  }

  private reserve(count: number): void {
    if (this.position + count <= this.buffer.length) return
    const grown = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.position - this.start + count))
    this.position = this.buffer.copy(grown, 0, this.start, this.position)
    this.start = 0
    this.buffer = grown
  }
}
