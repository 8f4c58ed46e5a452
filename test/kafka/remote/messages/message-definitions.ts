// Kafka's own definitions of its messages, interpreted: encodes any request or answer in any flexible version. The reference for our codecs.
import { jarEntries } from './jar-entries.ts'

/** Values by field name as the definitions write it, first letter small; what is left out has its default. */
export type WireObject = { readonly [field: string]: WireValue }
export type WireValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | undefined
  | Buffer
  | WireObject
  | readonly WireValue[]

interface Field {
  readonly name: string
  readonly type: string
  readonly versions: string
  readonly taggedVersions?: string
  readonly tag?: number
  readonly default?: string | number | boolean
  readonly fields?: readonly Field[]
}

interface Definition {
  readonly apiKey: number
  readonly name: string
  readonly fields: readonly Field[]
  readonly commonStructs?: readonly Field[]
}

export class MessageDefinitions {
  private readonly definitions = new Map<string, Definition>()

  /** `jar` is a kafka-clients. */
  constructor(jar: string) {
    for (const [path, content] of jarEntries(jar, 'common/message/')) {
      if (!path.endsWith('.json')) continue
      const definition = JSON.parse(content.replace(/^\s*\/\/.*$/gm, '')) as Definition // Kafka's own files
      this.definitions.set(definition.name, definition)
    }
  }

  apiKey(api: string): number {
    return this.definition(`${api}Request`).apiKey
  }

  encode(message: string, version: number, value: WireObject): Buffer {
    const definition = this.definition(message)
    const encoder = new Encoder(
      version,
      new Map((definition.commonStructs ?? []).map((one) => [one.name, one.fields ?? []])),
    )
    return Buffer.concat(encoder.structure(definition.fields, value))
  }

  private definition(name: string): Definition {
    const definition = this.definitions.get(name)
    if (definition === undefined) throw new Error(`Kafka has no message ${name}`)
    return definition
  }
}

class Encoder {
  private readonly version: number
  private readonly structures: ReadonlyMap<string, readonly Field[]>

  constructor(version: number, structures: ReadonlyMap<string, readonly Field[]>) {
    this.version = version
    this.structures = structures
  }

  structure(fields: readonly Field[], value: WireObject): Buffer[] {
    const plain: Buffer[] = []
    const tagged: Buffer[] = []
    let tags = 0
    for (const field of fields.filter(({ versions }) => includes(versions, this.version))) {
      const given = value[field.name.charAt(0).toLowerCase() + field.name.slice(1)]
      if (!includes(field.taggedVersions, this.version))
        plain.push(...this.field(field, given ?? defaultOf(field, given)))
      else if (given !== undefined) {
        const bytes = Buffer.concat(this.field(field, given))
        tagged.push(unsigned(field.tag ?? 0), unsigned(bytes.length), bytes)
        tags++
      }
    }
    const unknown = Object.keys(value).filter(
      (key) => !fields.some(({ name }) => name.toLowerCase() === key.toLowerCase()),
    )
    if (unknown.length > 0) throw new Error(`Kafka does not know the fields ${unknown.join(', ')}`)
    return [...plain, unsigned(tags), ...tagged]
  }

  private field(field: Field, value: WireValue): Buffer[] {
    if (!field.type.startsWith('[]')) return this.single(field.type, field, value)
    if (value === null) return [unsigned(0)]
    const items = value as readonly WireValue[] // by its type
    return [unsigned(items.length + 1), ...items.flatMap((item) => this.single(field.type.slice(2), field, item))]
  }

  private single(type: string, field: Field, value: WireValue): Buffer[] {
    switch (type) {
      case 'bool':
        return [Buffer.of(value === true ? 1 : 0)]
      case 'int8':
      case 'int16':
      case 'int32':
      case 'int64':
        return [integer(Number(type.slice(3)) / 8, BigInt(value as number | bigint))]
      case 'uuid':
        return [typeof value === 'string' ? Buffer.from(value, 'base64url') : Buffer.alloc(16)]
      case 'string':
      case 'bytes':
      case 'records': {
        if (value === null) return [unsigned(0)]
        const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value as string)
        return [unsigned(bytes.length + 1), bytes]
      }
      default:
        return this.structure(field.fields ?? this.structures.get(type) ?? [], value as WireObject)
    }
  }
}

function defaultOf(field: Field, given: null | undefined): WireValue {
  if (given === null || field.default === 'null') return null
  if (field.default !== undefined) return field.type === 'bool' ? `${field.default}` === 'true' : literal(field)
  if (field.type.startsWith('[]')) return []
  if (field.type === 'string') return ''
  if (field.type === 'bool') return false
  return field.type.startsWith('int') ? 0 : null
}

const literal = ({ type, default: value }: Field): WireValue => (type === 'string' ? String(value) : BigInt(value ?? 0))

function includes(range: string | undefined, version: number): boolean {
  const [, first, last, open] = /^(\d+)(?:-(\d+)|(\+))?$/.exec(range ?? '') ?? []
  if (first === undefined) return false
  return version >= Number(first) && version <= Number(last ?? (open === undefined ? first : Number.MAX_SAFE_INTEGER))
}

function integer(bytes: number, value: bigint): Buffer {
  const buffer = Buffer.alloc(8)
  buffer.writeBigInt64BE(value)
  return buffer.subarray(8 - bytes)
}

function unsigned(value: number): Buffer {
  return value < 128 ? Buffer.of(value) : Buffer.concat([Buffer.of((value & 127) | 128), unsigned(value >>> 7)])
}
