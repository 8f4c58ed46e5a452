// What compiled readers call for the less common bytes: long varints, longer texts, and every refusal.
import { BadRecord } from '../../core/errors.ts'
import { utf8Text } from '../unicode.ts'

const TWO_POW_27 = 134_217_728

/** Where the last `longAt` ended: a second result without an allocation. */
export const cursor = { position: 0 }

export function refuse(place: string, problem: string): never {
  throw new BadRecord('decode', `${place}: ${problem}`)
}

/** Zigzag varint of up to 64 bits; sets `cursor.position`. */
export function longAt(buffer: Buffer, start: number, end: number, place: string): number {
  let position = start
  let low = 0
  let high = 0
  let beyond = 0
  for (let shift = 0; ; shift += 7) {
    if (position >= end) refuse(place, 'the bytes end too early')
    const byte = buffer[position++] as number
    // Halves of 28 bits are exact in 32-bit arithmetic; behind them there are only zeros.
    if (shift < 28) low |= (byte & 127) << shift
    else if (shift < 56) high |= (byte & 127) << (shift - 28)
    else beyond |= byte & 127
    if (byte < 128) break
    if (shift === 63) refuse(place, 'an integer is longer than 10 bytes')
  }
  cursor.position = position
  const magnitude = high * TWO_POW_27 + (low >>> 1)
  const value = (low & 1) === 0 ? magnitude : -magnitude - 1
  if (beyond !== 0 || !Number.isSafeInteger(value)) refuse(place, 'an integer is beyond 2^53')
  return value
}

/** The length of a text or of bytes, at most what is left; sets `cursor.position`. */
export function lengthAt(buffer: Buffer, start: number, end: number, place: string): number {
  const length = longAt(buffer, start, end, place)
  if (length < 0) refuse(place, 'a length is negative')
  if (length > end - cursor.position) refuse(place, 'a length runs over the end')
  return length
}

/** The number of items in the next block of a list or map, each at least a byte long; 0 at the end. Sets `cursor.position`. */
export function blockAt(buffer: Buffer, start: number, end: number, place: string): number {
  let count = longAt(buffer, start, end, place)
  if (count < 0) {
    count = -count
    lengthAt(buffer, cursor.position, end, place)
  }
  if (count > end - cursor.position) refuse(place, 'more items than bytes are left')
  return count
}

export function doubleAt(buffer: Buffer, start: number, end: number, place: string): number {
  if (start + 8 > end) refuse(place, 'the bytes end too early')
  return buffer.readDoubleLE(start)
}

export function floatAt(buffer: Buffer, start: number, end: number, place: string): number {
  if (start + 4 > end) refuse(place, 'the bytes end too early')
  return buffer.readFloatLE(start)
}

/** An own copy: fetched buffers are pooled, values may outlive them. */
export function bytesAt(buffer: Buffer, start: number, length: number): Buffer {
  return Buffer.from(buffer.subarray(start, start + length))
}

export function textAt(buffer: Buffer, start: number, length: number, place: string): string {
  return utf8Text(buffer, start, start + length) ?? refuse(place, 'not UTF-8')
}
