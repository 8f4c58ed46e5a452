// Walks one JSON object's text and picks some of its text fields, without making anything of the others. Cut or malformed text is a BadRecord.
import { BadRecord } from '../../core/errors.ts'

const QUOTE = 34
const BACKSLASH = 92
const [OPEN_BRACE, CLOSE_BRACE, OPEN_BRACKET, CLOSE_BRACKET, COMMA, COLON] = [123, 125, 91, 93, 44, 58]

/** Fills `into` with the text values of the members in `names`; other kinds of value leave it as it is. */
export function walkObject<F extends string>(
  buffer: Buffer,
  start: number,
  end: number,
  names: Readonly<Record<string, F>>,
  into: Record<F, string>,
): void {
  let at = start
  if (buffer[at++] !== OPEN_BRACE) throw cut()
  for (;;) {
    if (buffer[at] !== QUOTE) throw cut()
    const nameEnd = textEnd(buffer, at + 1, end)
    const name = names[nameOf(buffer, at + 1, nameEnd)]
    at = nameEnd + 1
    if (buffer[at++] !== COLON) throw cut()
    const valueEnd = skipValue(buffer, at, end)
    if (name !== undefined && buffer[at] === QUOTE) into[name] = textOf(buffer, at, valueEnd)
    at = valueEnd
    const next = buffer[at++]
    if (next === CLOSE_BRACE) break
    if (next !== COMMA) throw cut()
  }
  if (at !== end) throw cut()
}

function nameOf(buffer: Buffer, start: number, end: number): string {
  return buffer.latin1Slice(start, end)
}

/** Of a text with its quotes. */
function textOf(buffer: Buffer, start: number, end: number): string {
  const text = buffer.utf8Slice(start + 1, end - 1)
  return text.includes('\\') ? String(JSON.parse(`"${text}"`)) : text
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
