// Code that reads one number, truth value, text or enum symbol. Short forms are inline; the rest calls reading.ts.

import type { Source } from '../source.ts'
import { incompatible } from './incompatible.ts'
import { TextCache } from './text-cache.ts'
import type { WireType } from './wire-type.ts'

export function readWhole(source: Source, wire: WireType, kind: 'int' | 'long' | 'instant', place: string): string {
  if (wire.kind !== 'int' && (wire.kind !== 'long' || kind === 'int')) return incompatible(place, wire, kind)
  const value = source.name('whole')
  const where = source.constant(place)
  source.add(
    `let ${value} = buffer[p]`,
    `if (${value} < 128) { ${value} = (${value} >>> 1) ^ -(${value} & 1); p++ }`,
    `else { ${value} = longAt(buffer, p, end, ${where}); p = cursor.position }`,
  )
  if (kind === 'int') source.add(`if (${value} !== (${value} | 0)) refuse(${where}, 'an int of more than 32 bits')`)
  return value
}

export function readDouble(source: Source, wire: WireType, place: string): string {
  const value = source.name('double')
  switch (wire.kind) {
    case 'double':
      source.add(`const ${value} = doubleAt(buffer, p, end, ${source.constant(place)})`, 'p += 8')
      return value
    case 'float':
      source.add(`const ${value} = floatAt(buffer, p, end, ${source.constant(place)})`, 'p += 4')
      return value
    case 'int':
    case 'long':
      return readWhole(source, wire, 'long', place)
    default:
      return incompatible(place, wire, 'double')
  }
}

export function readBoolean(source: Source, wire: WireType, place: string): string {
  if (wire.kind !== 'boolean') return incompatible(place, wire, 'boolean')
  const byte = source.name('byte')
  source.add(`const ${byte} = buffer[p++]`, `if (!(${byte} <= 1)) refuse(${source.constant(place)}, 'not a boolean')`)
  return `(${byte} === 1)`
}

/** Text or bytes: a length, then that many bytes. */
export function readSized(source: Source, wire: WireType, kind: 'string' | 'id' | 'bytes', place: string): string {
  if (wire.kind !== 'string' && wire.kind !== 'bytes') return incompatible(place, wire, kind)
  const value = source.name('text')
  const length = readLength(source, place)
  const read = kind === 'bytes' ? 'bytesAt' : `${source.constant(new TextCache(place))}.read`
  source.add(`const ${value} = ${read}(buffer, p, ${length})`, `p += ${length}`)
  return value
}

export function readOneOf(source: Source, wire: WireType, values: readonly string[], place: string): string {
  if (wire.kind === 'string') return readLiteral(source, values, place)
  if (wire.kind !== 'enum') return incompatible(place, wire, 'one of the given values')
  const value = source.name('symbol')
  const known = wire.symbols.map((symbol) => (values.includes(symbol) ? symbol : undefined))
  const index = readWhole(source, { kind: 'int' }, 'int', place)
  source.add(
    `const ${value} = ${index} >= 0 && ${index} < ${known.length} ? ${source.constant(known)}[${index}] : undefined`,
    `if (${value} === undefined) refuse(${source.constant(place)}, 'no such symbol of an enum')`,
  )
  return value
}

function readLiteral(source: Source, values: readonly string[], place: string): string {
  const value = readSized(source, { kind: 'string' }, 'string', place)
  const known = source.constant(new Set(values))
  source.add(`if (!${known}.has(${value})) refuse(${source.constant(place)}, 'not one of the given values')`)
  return value
}

export function skipWhole(source: Source): void {
  source.add('while (buffer[p++] > 127) {}')
}

export function skipSized(source: Source, place: string): void {
  source.add(`p += ${readLength(source, place)}`)
}

function readLength(source: Source, place: string): string {
  const length = source.name('length')
  source.add(
    `let ${length} = buffer[p]`,
    `if (${length} < 128 && (${length} & 1) === 0 && (${length} >> 1) < end - p) { ${length} >>= 1; p++ }`,
    `else { ${length} = lengthAt(buffer, p, end, ${source.constant(place)}); p = cursor.position }`,
  )
  return length
}
