// Walks one JSON object's text and notes where the text values of some members lie, without making anything of the others.
// Cut or malformed text is a BadRecord.
import { BadRecord } from '../../core/errors.ts'

const QUOTE = 34
const BACKSLASH = 92
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA, COLON] = [123, 125, 91, 93, 44, 58]

interface Name {
  readonly index: number
  readonly bytes: Buffer
}

export class JsonWalk {
  /** By the index of the name: between the quotes of its value; both are 0 where it is absent or no text. */
  readonly starts: Int32Array
  readonly ends: Int32Array
  private readonly byLength: (readonly Name[])[] = []
  private readonly longest: number
  /** The memory of the text as words, and where the text's buffer begins in it. */
  private words: Int32Array = new Int32Array(0)
  private offset = 0

  constructor(names: readonly string[]) {
    this.starts = new Int32Array(names.length)
    this.ends = new Int32Array(names.length)
    this.longest = Math.max(...names.map(({ length }) => length))
    for (let length = 0; length <= this.longest; length++)
      this.byLength.push(
        names.flatMap((name, index) => (name.length === length ? [{ index, bytes: Buffer.from(name, 'latin1') }] : [])),
      )
  }

  walk(buffer: Buffer, start: number, end: number): void {
    if (this.words.buffer !== buffer.buffer)
      this.words = new Int32Array(buffer.buffer, 0, buffer.buffer.byteLength >> 2)
    this.offset = buffer.byteOffset
    this.starts.fill(0)
    this.ends.fill(0)
    let at = start
    if (buffer[at++] !== OPEN_BRACE) throw cut()
    for (;;) {
      if (buffer[at] !== QUOTE) throw cut()
      const nameEnd = this.textEnd(buffer, at + 1, end)
      const index = this.indexOf(buffer, at + 1, nameEnd)
      if (buffer[nameEnd + 1] !== COLON) throw cut()
      const value = nameEnd + 2
      at = this.skipValue(buffer, value, end)
      if (index >= 0 && buffer[value] === QUOTE) {
        this.starts[index] = value + 1
        this.ends[index] = at - 1
      }
      const next = buffer[at++]
      if (next === CLOSE_BRACE) break
      if (next !== COMMA) throw cut()
    }
    if (at !== end) throw cut()
  }

  private indexOf(buffer: Buffer, start: number, end: number): number {
    if (end - start > this.longest) return -1
    for (const { index, bytes } of this.byLength[end - start] ?? []) if (isAt(buffer, start, bytes)) return index
    return -1
  }

  /** Where the closing quote stands. Four bytes at a time: texts are most of a row. */
  private textEnd(buffer: Buffer, from: number, end: number): number {
    const { words, offset } = this
    let at = from
    for (;;) {
      for (; at < end && (at + offset) & 3; at++) {
        const byte = buffer[at]
        if (byte === QUOTE) return at
        if (byte === BACKSLASH) at++
      }
      while (at + 4 <= end && !hasQuoteOrBackslash(words[(at + offset) >> 2] as number)) at += 4
      if (at >= end) throw cut()
      const byte = buffer[at]
      if (byte === QUOTE) return at
      at += byte === BACKSLASH ? 2 : 1
    }
  }

  /** The position behind the value that begins at `from`. */
  private skipValue(buffer: Buffer, from: number, end: number): number {
    const first = buffer[from]
    if (first === QUOTE) return this.textEnd(buffer, from + 1, end) + 1
    if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipScalar(buffer, from, end)
    let depth = 0
    for (let at = from; at < end; at++) {
      const byte = buffer[at]
      if (byte === QUOTE) at = this.textEnd(buffer, at + 1, end)
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at + 1
    }
    throw cut()
  }
}

function isAt(buffer: Buffer, start: number, bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (buffer[start + i] !== bytes[i]) return false
  return true
}

/** Of four bytes; a byte is 0 where it equals what is sought. */
function hasQuoteOrBackslash(word: number): boolean {
  const quotes = word ^ 0x22222222
  const backslashes = word ^ 0x5c5c5c5c
  return ((((quotes - 0x01010101) & ~quotes) | ((backslashes - 0x01010101) & ~backslashes)) & 0x80808080) !== 0
}

function skipScalar(buffer: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at++) if (buffer[at] === COMMA || buffer[at] === CLOSE_BRACE) return at
  throw cut()
}

function cut(): BadRecord {
  return new BadRecord('decode', 'the text is no whole JSON object')
}
