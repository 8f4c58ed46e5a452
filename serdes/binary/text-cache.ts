// Texts of one field, kept by their bytes: fields with few distinct values (status, neighborhood) are read without an allocation.
import { textAt } from './reading.ts'

const SLOTS = 256
const CACHED_LENGTH_MAX = 32
const PROBATION = 4096

export class TextCache {
  private readonly place: string
  private readonly texts: string[] = new Array(SLOTS).fill('')
  private reads = 0
  private misses = 0
  private pays = true

  constructor(place: string) {
    this.place = place
  }

  read(buffer: Buffer, start: number, length: number): string {
    if (length === 0) return ''
    if (!this.pays || length > CACHED_LENGTH_MAX) return textAt(buffer, start, length, this.place)
    this.reads++
    const first = buffer[start] as number
    const middle = buffer[start + (length >>> 1)] as number
    const last = buffer[start + length - 1] as number
    const slot = (first * 31 + middle * 7 + last * 131 + length * 17) & (SLOTS - 1)
    const cached = this.texts[slot] as string
    if (holds(cached, buffer, start, length)) return cached
    return this.miss(slot, buffer, start, length)
  }

  private miss(slot: number, buffer: Buffer, start: number, length: number): string {
    const text = textAt(buffer, start, length, this.place)
    // As many bytes as characters: ASCII, for which comparing codes with bytes is right.
    if (text.length === length) this.texts[slot] = text
    if (++this.misses === PROBATION) {
      this.pays = this.reads > 2 * PROBATION
      this.misses = 0
      this.reads = 0
    }
    return text
  }
}

function holds(text: string, buffer: Buffer, start: number, length: number): boolean {
  if (text.length !== length) return false
  for (let i = 0; i < length; i++) {
    if (text.charCodeAt(i) !== buffer[start + i]) return false
  }
  return true
}
