// Cuts a stream of bytes into the pieces that hold one row each, with the offset behind each piece, so that reading can go on exactly there.

/** A longer piece is cut off: it becomes a malformed row instead of filling the memory. */
export const PIECE_BYTES_MAX = 1_000_000

export interface Piece {
  readonly bytes: Buffer
  /** Offset behind the piece and its separator. */
  readonly end: number
}

export interface Splitter {
  /** Pieces that end in this chunk. */
  feed(chunk: Buffer): Piece[]
  /** What is left when the stream ends. */
  finish(): Piece[]
}

const NEWLINE = 10
const RETURN = 13
const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92

/** Keeps the unfinished piece between chunks. */
class Remainder {
  private parts: Buffer[] = []
  private length = 0

  add(part: Buffer): void {
    this.length += part.length
    if (this.length - part.length < PIECE_BYTES_MAX) this.parts.push(part)
  }

  /** The whole piece, `last` included; starts anew. */
  take(last: Buffer): Buffer {
    if (this.length === 0) return last.subarray(0, PIECE_BYTES_MAX)
    this.add(last)
    const whole = Buffer.concat(this.parts).subarray(0, PIECE_BYTES_MAX)
    this.parts = []
    this.length = 0
    return whole
  }
}

/** One piece a line; with `quoted`, a newline inside double quotes is part of the piece (CSV). */
export class LineSplitter implements Splitter {
  private readonly quoted: boolean
  private readonly remainder = new Remainder()
  private isOpen = false
  private offset: number

  constructor({ from, quoted }: { readonly from: number; readonly quoted: boolean }) {
    this.offset = from
    this.quoted = quoted
  }

  feed(chunk: Buffer): Piece[] {
    const pieces: Piece[] = []
    let start = 0
    for (let end = this.endOfLine(chunk, 0); end >= 0; end = this.endOfLine(chunk, start)) {
      const bytes = withoutReturn(this.remainder.take(chunk.subarray(start, end)))
      start = end + 1
      if (bytes.length > 0) pieces.push({ bytes, end: this.offset + start })
    }
    this.remainder.add(chunk.subarray(start))
    this.offset += chunk.length
    return pieces
  }

  finish(): Piece[] {
    const bytes = withoutReturn(this.remainder.take(Buffer.alloc(0)))
    return bytes.length === 0 ? [] : [{ bytes, end: this.offset }]
  }

  private endOfLine(chunk: Buffer, from: number): number {
    if (!this.quoted) return chunk.indexOf(NEWLINE, from)
    for (let at = from; at < chunk.length; at++) {
      const byte = chunk[at]
      if (byte === QUOTE) this.isOpen = !this.isOpen
      else if (byte === NEWLINE && !this.isOpen) return at
    }
    return -1
  }
}

/** One piece an element of a JSON array, whatever its layout. */
export class ArraySplitter implements Splitter {
  private readonly remainder = new Remainder()
  private offset: number
  private depth: number
  private isInText = false
  private isEscaped = false

  /** Behind an element (`from` > 0) or at the beginning. */
  constructor({ from }: { readonly from: number }) {
    this.offset = from
    this.depth = from > 0 ? 1 : 0
  }

  feed(chunk: Buffer): Piece[] {
    const pieces: Piece[] = []
    let start = this.depth === 0 ? chunk.length : 0
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at]
      if (this.isInText) {
        this.skipText(byte)
      } else if (byte === QUOTE) {
        this.isInText = true
      } else if (byte === 91 || byte === 123) {
        if (++this.depth === 1) start = at + 1
      } else if (byte === 93 || byte === 125 || (byte === COMMA && this.depth === 1)) {
        if (byte !== COMMA) this.depth--
        if (this.depth > 0 && byte !== COMMA) continue
        this.cut(chunk, { start, end: at }, pieces)
        start = this.depth === 0 ? chunk.length : at + 1
      }
    }
    this.remainder.add(chunk.subarray(start))
    this.offset += chunk.length
    return pieces
  }

  /** A whole array leaves nothing; what is left of a cut one is no row. */
  finish(): Piece[] {
    const bytes = this.remainder.take(Buffer.alloc(0))
    return isBlank(bytes) ? [] : [{ bytes, end: this.offset }]
  }

  private cut(chunk: Buffer, { start, end }: { readonly start: number; readonly end: number }, pieces: Piece[]): void {
    const bytes = this.remainder.take(chunk.subarray(Math.min(start, end), end))
    if (!isBlank(bytes)) pieces.push({ bytes, end: this.offset + end })
  }

  private skipText(byte: number | undefined): void {
    if (this.isEscaped) this.isEscaped = false
    else if (byte === BACKSLASH) this.isEscaped = true
    else if (byte === QUOTE) this.isInText = false
  }
}

function withoutReturn(line: Buffer): Buffer {
  return line[line.length - 1] === RETURN ? line.subarray(0, -1) : line
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 32 || byte === NEWLINE || byte === RETURN || byte === 9)
}
