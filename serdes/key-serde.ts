// Keys as Kafka's own serializers write them, so that partitions agree with other producers: text as it is, numbers big-endian.
import type { ByteWriter } from '../core/byte-writer.ts'
import { BadRecord } from '../core/errors.ts'
import { TextCache } from './binary/text-cache.ts'
import { mistyped } from './binary/writing.ts'
import { binarySerde } from './binary-serde.ts'
import { type Schema, schemaOf } from './schema.ts'
import type { SchemaDescription, WindowedDescription } from './schema-description.ts'
import type { Serde } from './serde.ts'
import { isUnicode } from './unicode.ts'

/** Text and ids: UTF-8; int: 4 bytes; long and instant: 8 bytes; windowed: the key, then 8 bytes of window start; else Avro. */
export function keySerde<T>(schema: Schema<T>): Serde<T> {
  // The kind of the description tells the type, which the compiler cannot follow.
  return serdeOf(schema.description) as Serde<T>
}

function serdeOf(description: SchemaDescription): Serde<unknown> {
  switch (description.kind) {
    case 'string':
    case 'id':
      return textSerde(description.kind)
    case 'int':
      return intSerde
    case 'long':
    case 'instant':
      return longSerde
    case 'windowed':
      return windowedSerde(description)
    default:
      return binarySerde(schemaOf<unknown>(description))
  }
}

function textSerde(place: string): Serde<string> {
  // Keys of a group are few; where they are not, the cache sees that it does not pay.
  const cache = new TextCache(place)
  return {
    write(value, to) {
      if (typeof value !== 'string') mistyped(place, 'text', value)
      const before = to.position
      to.text(value)
      if (to.position - before === value.length || isUnicode(value)) return
      to.position = before
      mistyped(place, 'Unicode text', value)
    },
    read: (buffer, start, end) => cache.read(buffer, start, end - start),
  }
}

const intSerde: Serde<number> = {
  write(value, to) {
    if ((value | 0) !== value) mistyped('int', 'a whole number of 32 bits', value)
    to.reserve(4)
    to.position = to.buffer.writeInt32BE(value, to.position)
  },
  read(buffer, start, end) {
    requireLength('int', end - start, 4)
    return buffer.readInt32BE(start)
  },
}

const longSerde: Serde<number> = {
  write(value, to) {
    if (!Number.isSafeInteger(value)) mistyped('long', 'a whole number within 2^53', value)
    putLongBigEndian(value, to)
  },
  read(buffer, start, end) {
    requireLength('long', end - start, 8)
    const value = buffer.readInt32BE(start) * 2 ** 32 + buffer.readUInt32BE(start + 4)
    if (!Number.isSafeInteger(value)) throw new BadRecord('decode', 'long: an integer is beyond 2^53')
    return value
  },
}

function windowedSerde({ key, window }: WindowedDescription): Serde<{ readonly key: unknown; readonly start: number }> {
  const inner = serdeOf(key)
  return {
    write(value, to) {
      const before = to.position
      inner.write(value.key, to)
      try {
        longSerde.write(value.start, to)
      } catch (error) {
        to.position = before
        throw error
      }
    },
    read(buffer, start, end) {
      const split = end - 8
      if (split < start) throw new BadRecord('decode', 'a windowed key of less than 8 bytes')
      const fields = { key: inner.read(buffer, start, split), start: longSerde.read(buffer, split, end) }
      // `create` is of a schema whose type is not known here.
      return new window.create(fields as never) as { readonly key: unknown; readonly start: number }
    },
  }
}

function putLongBigEndian(value: number, to: ByteWriter): void {
  to.reserve(8)
  to.buffer.writeInt32BE(Math.floor(value / 2 ** 32), to.position)
  to.position = to.buffer.writeUInt32BE(value >>> 0, to.position + 4)
}

function requireLength(name: string, length: number, wanted: number): void {
  if (length !== wanted) throw new BadRecord('decode', `${name}: a key of ${length} bytes instead of ${wanted}`)
}
