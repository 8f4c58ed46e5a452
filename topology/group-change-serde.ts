// How a group topic's records are written: entries taken back, entries added, the source key, and with the first group the source value.
// Read, the value stays bytes until somebody asks for it.
//
//   count · (at · length · value)…  removed, then added   |   length · source key   |   0, or 1 · at, or 2   |   value to the end
import { ByteReader } from '../core/byte-reader.ts'
import { ByteWriter } from '../core/byte-writer.ts'
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

interface GroupSchemas<E, SK, V> {
  readonly entry: Schema<E>
  readonly sourceKey: Schema<SK>
  readonly sourceValue: Schema<V>
}

export class GroupChangeSerde<E, SK, V> {
  private readonly entry: Serde<E>
  private readonly sourceKey: Serde<SK>
  private readonly sourceValue: Serde<V>
  private readonly scratch = new ByteWriter(256)

  constructor({ entry, sourceKey, sourceValue }: GroupSchemas<E, SK, V>) {
    this.entry = binarySerde(entry)
    this.sourceKey = keySerde(sourceKey)
    this.sourceValue = binarySerde(sourceValue)
  }

  write({ removed, added, sourceKey, input }: GroupChange<E, SK, V>, to: ByteWriter): void {
    this.writeEntries(removed, to)
    this.writeEntries(added, to)
    this.writeSized(this.sourceKey, sourceKey, to)
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
      this.writeSized(this.entry, value, to)
    }
  }

  private readEntries(from: ByteReader): GroupEntry<E>[] {
    const entries: GroupEntry<E>[] = []
    for (let left = from.varint(); left > 0; left--) {
      const at = from.varint()
      entries.push({ at, value: readSized(this.entry, from) })
    }
    return entries
  }

  private writeSized<T>(serde: Serde<T>, value: T, to: ByteWriter): void {
    this.scratch.reset()
    serde.write(value, this.scratch)
    to.varint(this.scratch.position)
    to.bytes(this.scratch.buffer, 0, this.scratch.position)
  }
}

function readSized<T>(serde: Serde<T>, from: ByteReader): T {
  const length = from.varint()
  from.bytes(length)
  return serde.read(from.buffer, from.position - length, from.position)
}
