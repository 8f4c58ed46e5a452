// What compiled writers call: each puts a value at `position` of a buffer with room enough and returns the position behind it.
import { BadRecord } from '../../core/errors.ts'
import { shown } from '../shown.ts'
import { isUnicode } from '../unicode.ts'

const SHORT_TEXT = 48
const TWO_POW_27 = 134_217_728

export function mistyped(place: string, wanted: string, value: unknown): never {
  throw new BadRecord('encode', `${place}: expected ${wanted}, not ${shown(value)}`)
}

/** A safe integer as a zigzag varint: at most 8 bytes. */
export function putWhole(buffer: Buffer, position: number, value: number, place: string): number {
  if ((value | 0) === value && value >= -1073741824 && value < 1073741824) {
    return putUnsigned(buffer, position, (value << 1) ^ (value >> 31))
  }
  if (!Number.isSafeInteger(value)) return mistyped(place, 'a whole number within 2^53', value)
  const sign = value < 0 ? 1 : 0
  const magnitude = value < 0 ? -value - 1 : value
  const low = ((magnitude % TWO_POW_27) << 1) | sign
  buffer[position] = low | 128
  buffer[position + 1] = (low >>> 7) | 128
  buffer[position + 2] = (low >>> 14) | 128
  buffer[position + 3] = ((low >>> 21) & 127) | 128
  return putUnsigned(buffer, position + 4, Math.floor(magnitude / TWO_POW_27))
}

export function putInt(buffer: Buffer, position: number, value: number, place: string): number {
  if ((value | 0) !== value) return mistyped(place, 'a whole number of 32 bits', value)
  return putWhole(buffer, position, value, place)
}

function putUnsigned(buffer: Buffer, position: number, value: number): number {
  let rest = value
  let at = position
  while (rest > 127) {
    buffer[at++] = (rest & 127) | 128
    rest >>>= 7
  }
  buffer[at++] = rest
  return at
}

export function putDouble(buffer: Buffer, position: number, value: number, place: string): number {
  if (typeof value !== 'number') return mistyped(place, 'a number', value)
  return buffer.writeDoubleLE(value, position)
}

export function putBoolean(buffer: Buffer, position: number, value: boolean, place: string): number {
  if (typeof value !== 'boolean') return mistyped(place, 'a boolean', value)
  buffer[position] = value ? 1 : 0
  return position + 1
}

export function putBytes(buffer: Buffer, position: number, value: Uint8Array, place: string): number {
  const start = putWhole(buffer, position, value.length, place)
  buffer.set(value, start)
  return start + value.length
}

/** Length and UTF-8; needs room for three bytes a character and five more. */
export function putText(buffer: Buffer, position: number, value: string, place: string): number {
  const { length } = value
  if (length >= SHORT_TEXT) return putLongText(buffer, position, value, place)
  let at = position + 1
  for (let i = 0; i < length; i++) {
    const code = value.charCodeAt(i)
    if (code > 127) return putLongText(buffer, position, value, place)
    buffer[at++] = code
  }
  buffer[position] = length << 1
  return at
}

/** Written behind where the length will most likely end, and moved if it does not. */
function putLongText(buffer: Buffer, position: number, value: string, place: string): number {
  const guess = position + lengthOfLength(value.length)
  const written = buffer.utf8Write(value, guess)
  if (written !== value.length && !isUnicode(value)) return mistyped(place, 'Unicode text', value)
  const start = position + lengthOfLength(written)
  if (start !== guess) buffer.copyWithin(start, guess, guess + written)
  return putWhole(buffer, position, written, place) + written
}

function lengthOfLength(length: number): number {
  return length < 64 ? 1 : length < 8192 ? 2 : length < 1_048_576 ? 3 : length < 134_217_728 ? 4 : 5
}
