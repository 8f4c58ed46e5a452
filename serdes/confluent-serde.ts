// Confluent's wire format: a zero byte, the writer's schema id (4 bytes, big-endian), Avro. Our own id is read at once, others after `resolve`.
import type { ByteWriter } from '../core/byte-writer.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { minutes } from '../core/duration.ts'
import { BadRecord, Retriable } from '../core/errors.ts'
import { incompatibilities } from './avro/compatibility.ts'
import { type AvroSchemaOptions, avroSchemaText } from './avro-schema.ts'
import { parseWireType } from './binary/parse-wire-type.ts'
import { compileReader, type Read } from './binary/reader-compiler.ts'
import { binarySerde } from './binary-serde.ts'
import type { Schema } from './schema.ts'
import { nameOf } from './schema-description.ts'
import type { SchemaRegistry } from './schema-registry.ts'
import { type Serde, UnresolvedSchema } from './serde.ts'

/** Bytes before the Avro body. */
export const FRAME_BYTES = 5

/** How long an id the registry does not know is refused before it is asked for again. */
const UNKNOWN_FOR_MS = minutes(1)
const WRITERS_MAX = 1000

export interface ConfluentSerdeOptions<T> extends AvroSchemaOptions {
  readonly schema: Schema<T>
  /** Usually `<topic>-value`. */
  readonly subject: string
  readonly registry: SchemaRegistry
  /** Default: the system's. */
  readonly clock?: Clock
}

export interface ConfluentSerde<T> extends Serde<T> {
  /** Under which our own schema is registered. */
  readonly schemaId: number
  /** The bytes before a body that was encoded elsewhere (extended-serde.ts). */
  writeFrame(to: ByteWriter): void
  resolve(schemaId: number): Promise<void>
}

/** Registers the schema. @throws StreamsError `schema_incompatible`; Retriable when the registry cannot be asked. */
export async function confluentSerde<T>(options: ConfluentSerdeOptions<T>): Promise<ConfluentSerde<T>> {
  const { schema, subject, registry, clock = systemClock, ...avroOptions } = options
  const text = avroSchemaText(schema, avroOptions)
  const schemaId = await registry.register(subject, text)
  return new FramedSerde(schema, { schemaId, text, registry, clock })
}

type Writer<T> =
  | { readonly kind: 'readable'; readonly read: Read<T> }
  /** Not known yet; believed to be unknown only after `untilMs`. */
  | { readonly kind: 'awaited'; readonly untilMs: number }
  | { readonly kind: 'unknown'; readonly untilMs: number }
  | { readonly kind: 'incompatible'; readonly reasons: string }

class FramedSerde<T> implements ConfluentSerde<T> {
  readonly schemaId: number
  private readonly schema: Schema<T>
  private readonly body: Serde<T>
  private readonly text: string
  private readonly registry: SchemaRegistry
  private readonly clock: Clock
  /** Oldest first: the first one goes when there are too many. */
  private readonly writers = new Map<number, Writer<T>>()
  /** How long the next unknown id is awaited, ms. Each that does not come halves it, so that a crowd of invented ones holds nobody up for long. */
  private patienceMs: number

  constructor(schema: Schema<T>, own: { schemaId: number; text: string; registry: SchemaRegistry; clock: Clock }) {
    this.schema = schema
    this.body = binarySerde(schema)
    this.schemaId = own.schemaId
    this.text = own.text
    this.registry = own.registry
    this.clock = own.clock
    this.patienceMs = own.registry.lagMsMax ?? 0
  }

  write(value: T, to: ByteWriter): void {
    const start = to.position
    this.writeFrame(to)
    try {
      this.body.write(value, to)
    } catch (error) {
      to.position = start
      throw error
    }
  }

  writeFrame(to: ByteWriter): void {
    to.reserve(FRAME_BYTES)
    to.buffer[to.position] = 0
    to.position = to.buffer.writeInt32BE(this.schemaId, to.position + 1)
  }

  read(buffer: Buffer, start: number, end: number): T {
    if (end === start) throw new BadRecord('decode', 'the value is empty')
    if (end - start < FRAME_BYTES || buffer[start] !== 0) throw new BadRecord('decode', 'no schema id before the value')
    const id = buffer.readInt32BE(start + 1)
    if (id === this.schemaId) return this.body.read(buffer, start + FRAME_BYTES, end)
    return this.readerOf(id)(buffer, start + FRAME_BYTES, end)
  }

  async resolve(schemaId: number): Promise<void> {
    const text = await this.registry.schemaById(schemaId)
    const writer = text === undefined ? this.unknown(schemaId) : this.writerOf(text)
    this.remember(schemaId, writer)
    if (text !== undefined) this.patienceMs = this.registry.lagMsMax ?? 0
    if (writer.kind === 'awaited')
      throw new Retriable('schema_awaited', `the registry does not know schema ${schemaId} yet`)
  }

  /** What becomes of an id that the registry says it does not know. It is awaited once: one that has been refused is refused again. */
  private unknown(schemaId: number): Writer<T> {
    const now = this.clock.now()
    const known = this.writers.get(schemaId)
    if (known === undefined && this.patienceMs > 0) return { kind: 'awaited', untilMs: now + this.patienceMs }
    if (known?.kind === 'awaited') {
      if (now < known.untilMs) return known
      this.patienceMs /= 2
    }
    return { kind: 'unknown', untilMs: now + UNKNOWN_FOR_MS }
  }

  private remember(schemaId: number, writer: Writer<T>): void {
    this.writers.delete(schemaId)
    this.writers.set(schemaId, writer)
    const [oldest] = this.writers.keys()
    if (this.writers.size > WRITERS_MAX && oldest !== undefined) this.writers.delete(oldest)
  }

  private readerOf(id: number): Read<T> {
    const writer = this.writers.get(id)
    if (writer?.kind === 'readable') return writer.read
    if (writer?.kind === 'incompatible') {
      throw new BadRecord('schema_incompatible', `schema ${id} cannot be read: ${writer.reasons}`)
    }
    if (writer?.kind !== 'unknown' || this.clock.now() >= writer.untilMs) throw new UnresolvedSchema(id)
    throw new BadRecord('schema_unknown', `the registry does not know schema ${id}`)
  }

  private writerOf(text: string): Writer<T> {
    try {
      const reasons = incompatibilities({ reader: this.text, writer: text })
      if (reasons.length > 0) return { kind: 'incompatible', reasons: reasons.join('; ') }
      const { description } = this.schema
      return { kind: 'readable', read: compileReader(parseWireType(text), description, nameOf(description)) }
    } catch (error) {
      const reasons = error instanceof Error ? error.message : String(error)
      return { kind: 'incompatible', reasons }
    }
  }
}
