// How a group topic's records are written: entries taken back, entries added, the source key, and with the first group the source value.
// Read, the value stays bytes until somebody asks for it.
//
//   count · (at · length · value)…  removed, then added   |   length · source key   |   0, or 1 · at, or 2   |   value to the end
import { ByteReader } from '../core/byte-reader.ts'
import type { ByteWriter } from '../core/byte-writer.ts'
import { BadRecord } from '../core/errors.ts'
import { GroupChange, type GroupEntry, type GroupInput } from '../processors/group-change.ts'
import { binarySerde } from '../serdes/binary-serde.ts'
import { Encoded } from '../serdes/encoded.ts'
import { keySerde } from '../serdes/key-serde.ts'
import type { Schema } from '../serdes/schema.ts'
import type { Serde } from '../serdes/serde.ts'

const NO_INPUT = 0
const INPUT_WITH_TIME = 1
const INPUT_WITHOUT_TIME = 2

/** A time and a length. */
const ENTRY_BYTES_MIN = 2
const NO_ENTRIES: readonly never[] = []

interface GroupSchemas<E, SK, V> {
  readonly entry: Schema<E>
  readonly sourceKey: Schema<SK>
  readonly sourceValue: Schema<V>
}

export class GroupChangeSerde<E, SK, V> {
  private readonly entry: Serde<E>
  private readonly sourceKey: Serde<SK>
  private readonly sourceValue: Serde<V>

  constructor({ entry, sourceKey, sourceValue }: GroupSchemas<E, SK, V>) {
    this.entry = binarySerde(entry)
    this.sourceKey = keySerde(sourceKey)
    this.sourceValue = binarySerde(sourceValue)
  }

  write({ removed, added, sourceKey, input }: GroupChange<E, SK, V>, to: ByteWriter): void {
    this.writeEntries(removed, to)
    this.writeEntries(added, to)
    writeSized(this.sourceKey, sourceKey, to)
    if (input === undefined) to.byte(NO_INPUT)
    else this.writeInput(input, to)
  }

  read(buffer: Buffer, start: number, end: number): GroupChange<E, SK, Encoded<V>> {
    const from = new ByteReader(buffer, start, end)
    const removed = this.readEntries(from)
    const added = this.readEntries(from)
    const sourceKey = readSized(this.sourceKey, from)
    return new GroupChange(removed, added, sourceKey, this.readInput(from))
  }

  private writeInput({ at, value }: GroupInput<V>, to: ByteWriter): void {
    to.byte(at === undefined ? INPUT_WITHOUT_TIME : INPUT_WITH_TIME)
    if (at !== undefined) to.varint(at)
    this.sourceValue.write(value, to)
  }

  private readInput(from: ByteReader): GroupInput<Encoded<V>> | undefined {
    const kind = from.byte()
    if (kind === NO_INPUT) return undefined
    if (kind > INPUT_WITHOUT_TIME) throw new BadRecord('decode', `a group record cannot carry an input of kind ${kind}`)
    const at = kind === INPUT_WITH_TIME ? from.varint() : undefined
    return { at, value: new Encoded(this.sourceValue, from.buffer, from.position, from.end) }
  }

  private writeEntries(entries: readonly GroupEntry<E>[], to: ByteWriter): void {
    to.varint(entries.length)
    for (const { at, value } of entries) {
      to.varint(at)
      writeSized(this.entry, value, to)
    }
  }

  private readEntries(from: ByteReader): readonly GroupEntry<E>[] {
    const count = from.varint()
    if (count === 0) return NO_ENTRIES
    if (count < 0 || count * ENTRY_BYTES_MIN > from.end - from.position)
      throw new BadRecord('decode', `a group record is too short for ${count} entries`)
    const entries: GroupEntry<E>[] = new Array(count)
    for (let i = 0; i < count; i++) entries[i] = { at: from.varint(), value: readSized(this.entry, from) }
    return entries
  }
}

function writeSized<T>(serde: Serde<T>, value: T, to: ByteWriter): void {
  const start = to.beginSized()
  serde.write(value, to)
  to.endSized(start)
}

function readSized<T>(serde: Serde<T>, from: ByteReader): T {
  const start = from.skip(from.varint())
  return serde.read(from.buffer, start, from.position)
}
