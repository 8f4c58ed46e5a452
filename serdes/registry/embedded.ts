// A schema registry in the process: Confluent's model of global ids and subjects with versions, each readable by the next (BACKWARD).
// In memory or in a file of JSON lines, which one process opens at a time. A line torn by a crash was never answered and is cut.
import { type FileHandle, open, readFile, truncate } from 'node:fs/promises'
import { StreamsError } from '../../core/errors.ts'
import { avroType, incompatibilities } from '../avro/compatibility.ts'
import type { SchemaRegistry } from '../schema-registry.ts'

export interface RegisteredSchema {
  readonly subject: string
  /** From 1. */
  readonly version: number
  /** Of the schema's text, the same in every subject. */
  readonly id: number
  readonly schema: string
}

export interface EmbeddedRegistry extends SchemaRegistry {
  subjects(): readonly string[]
  /** Oldest first; empty for a subject nobody registered. */
  versions(subject: string): readonly RegisteredSchema[]
}

/** @throws StreamsError `registry_corrupted` when the file holds something else. */
export async function openEmbeddedRegistry({
  file,
}: {
  readonly file?: string | undefined
} = {}): Promise<EmbeddedRegistry> {
  const registry = new LocalRegistry(file)
  if (file !== undefined) for (const line of await readLines(file)) registry.restore(parseLine(line, file))
  return registry
}

class LocalRegistry implements EmbeddedRegistry {
  private readonly file: string | undefined
  private readonly bySubject = new Map<string, RegisteredSchema[]>()
  private readonly textById = new Map<number, string>()
  private readonly idByText = new Map<string, number>()
  /** Registrations wait for each other, so that versions and lines have one order. */
  private last: Promise<unknown> = Promise.resolve()

  constructor(file: string | undefined) {
    this.file = file
  }

  register(subject: string, schema: string): Promise<number> {
    const registered = this.last.then(() => this.registerNext(subject, schema))
    this.last = registered.catch(() => {})
    return registered
  }

  schemaById(id: number): Promise<string | undefined> {
    return Promise.resolve(this.textById.get(id))
  }

  subjects(): readonly string[] {
    return [...this.bySubject.keys()].sort()
  }

  versions(subject: string): readonly RegisteredSchema[] {
    return [...(this.bySubject.get(subject) ?? [])]
  }

  restore(entry: RegisteredSchema): void {
    const versions = this.bySubject.get(entry.subject) ?? []
    versions.push(entry)
    this.bySubject.set(entry.subject, versions)
    this.textById.set(entry.id, entry.schema)
    this.idByText.set(entry.schema, entry.id)
  }

  private async registerNext(subject: string, text: string): Promise<number> {
    const schema = normalized(subject, text)
    const versions = this.versions(subject)
    const known = versions.find((version) => version.schema === schema)
    if (known !== undefined) return known.id
    requireReadable(subject, schema, versions.at(-1))
    const id = this.idByText.get(schema) ?? this.textById.size + 1
    const entry = { subject, version: versions.length + 1, id, schema }
    if (this.file !== undefined) await appendLine(this.file, JSON.stringify(entry))
    this.restore(entry)
    return id
  }
}

/** The same text however it was spaced. */
function normalized(subject: string, text: string): string {
  try {
    avroType(text)
    return JSON.stringify(JSON.parse(text))
  } catch (cause) {
    throw new StreamsError('schema_invalid', `${subject}: not an Avro schema`, { cause })
  }
}

function requireReadable(subject: string, schema: string, last: RegisteredSchema | undefined): void {
  if (last === undefined) return
  const reasons = incompatibilities({ reader: schema, writer: last.schema })
  if (reasons.length === 0) return
  throw new StreamsError(
    'schema_incompatible',
    `${subject}: the new schema cannot read what version ${last.version} wrote: ${reasons.join('; ')}. ` +
      'Make new fields optional and keep the names and types of those that exist, or write to a new topic',
  )
}

async function readLines(file: string): Promise<readonly string[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return ''
    throw error
  })
  const whole = text.slice(0, text.lastIndexOf('\n') + 1)
  if (whole.length < text.length) await truncate(file, Buffer.byteLength(whole))
  return whole.split('\n').filter((line) => line !== '')
}

function parseLine(line: string, file: string): RegisteredSchema {
  try {
    const { subject, version, id, schema } = JSON.parse(line)
    if (typeof subject === 'string' && typeof schema === 'string' && version > 0 && id > 0) {
      return { subject, version, id, schema }
    }
  } catch {
    // Answered below, as any other line that is not ours.
  }
  throw new StreamsError(
    'registry_corrupted',
    `${file} holds a line that is no registered schema: ${line.slice(0, 80)}`,
  )
}

/** On disk before the id is given out: an id that records carry must never be given to another schema. */
async function appendLine(file: string, line: string): Promise<void> {
  const handle = await open(file, 'a')
  try {
    const { size } = await handle.stat()
    await writeWhole(handle, `${line}\n`).catch(async (error) => {
      await handle.truncate(size)
      throw error
    })
  } finally {
    await handle.close()
  }
}

async function writeWhole(handle: FileHandle, text: string): Promise<void> {
  await handle.writeFile(text)
  await handle.datasync()
}
