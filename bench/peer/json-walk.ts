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
    this.starts.fill(0)
    this.ends.fill(0)
    let at = start
    if (buffer[at++] !== OPEN_BRACE) throw cut()
    for (;;) {
      if (buffer[at] !== QUOTE) throw cut()
      const nameEnd = textEnd(buffer, at + 1, end)
      const index = this.indexOf(buffer, at + 1, nameEnd)
      if (buffer[nameEnd + 1] !== COLON) throw cut()
      const value = nameEnd + 2
      at = skipValue(buffer, value, end)
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
}

function isAt(buffer: Buffer, start: number, bytes: Buffer): boolean {
  for (let i = 0; i < bytes.length; i++) if (buffer[start + i] !== bytes[i]) return false
  return true
}

/** Where the closing quote stands. */
function textEnd(buffer: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at++) {
    const byte = buffer[at]
    if (byte === QUOTE) return at
    if (byte === BACKSLASH) at++
  }
  throw cut()
}

/** The position behind the value that begins at `from`. */
function skipValue(buffer: Buffer, from: number, end: number): number {
  const first = buffer[from]
  if (first === QUOTE) return textEnd(buffer, from + 1, end) + 1
  if (first !== OPEN_BRACE && first !== OPEN_BRACKET) return skipScalar(buffer, from, end)
  let depth = 0
  for (let at = from; at < end; at++) {
    const byte = buffer[at]
    if (byte === QUOTE) at = textEnd(buffer, at + 1, end)
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++
    else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at + 1
  }
  throw cut()
}

function skipScalar(buffer: Buffer, from: number, end: number): number {
  for (let at = from; at < end; at++) if (buffer[at] === COMMA || buffer[at] === CLOSE_BRACE) return at
  throw cut()
}

function cut(): BadRecord {
  return new BadRecord('decode', 'the text is no whole JSON object')
}
