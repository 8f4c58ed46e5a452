// The layout described by a writer's Avro schema, as JSON text from a registry.
import { BadRecord } from '../../core/errors.ts'
import type { WireType } from './wire-type.ts'

type Json = { readonly [property: string]: unknown }

const primitives = ['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const

/** @throws BadRecord `schema_incompatible` for what is not Avro, or refers to itself. */
export function parseWireType(schema: string): WireType {
  try {
    return new Parser().parse(JSON.parse(schema), '')
  } catch (cause) {
    if (cause instanceof BadRecord) throw cause
    throw new BadRecord('schema_incompatible', 'the registered schema is not JSON', { cause })
  }
}

class Parser {
  private readonly named = new Map<string, WireType>()

  parse(json: unknown, namespace: string): WireType {
    if (typeof json === 'string') return this.reference(json, namespace)
    if (Array.isArray(json)) return { kind: 'union', branches: json.map((branch) => this.parse(branch, namespace)) }
    if (!isObject(json)) return notAvro(json)
    switch (json.type) {
      case 'array':
        return { kind: 'array', items: this.parse(json.items, namespace) }
      case 'map':
        return { kind: 'map', values: this.parse(json.values, namespace) }
      case 'record':
      case 'error':
      case 'enum':
      case 'fixed':
        return this.define(json, namespace)
      default:
        return this.parse(json.type, namespace)
    }
  }

  private reference(name: string, namespace: string): WireType {
    const kind = primitives.find((primitive) => primitive === name)
    if (kind !== undefined) return { kind }
    const type = this.named.get(fullName(name, namespace)) ?? this.named.get(name)
    return type ?? notAvro(`${name}, which is not defined before it is used`)
  }

  /** The name is known only behind its definition: a type that contains itself has no straight-line reader. */
  private define(json: Json, namespace: string): WireType {
    const { name, namespace: own } = json
    if (typeof name !== 'string') return notAvro(json)
    const full = fullName(name, typeof own === 'string' ? own : namespace)
    const type = this.definition(json, full.slice(0, Math.max(0, full.lastIndexOf('.'))))
    this.named.set(full, type)
    return type
  }

  private definition({ type, size, symbols, fields }: Json, namespace: string): WireType {
    if (type === 'fixed') return isSize(size) ? { kind: 'fixed', size } : notAvro(size)
    if (type === 'enum') return { kind: 'enum', symbols: listOf(symbols).map(String) }
    return {
      kind: 'record',
      fields: listOf(fields).map((field) => {
        if (!isObject(field)) return notAvro(field)
        return { name: String(field.name), type: this.parse(field.type, namespace) }
      }),
    }
  }
}

function fullName(name: string, namespace: string): string {
  return name.includes('.') || namespace === '' ? name : `${namespace}.${name}`
}

function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null
}

function isSize(size: unknown): size is number {
  return Number.isSafeInteger(size) && Number(size) >= 0
}

function listOf(json: unknown): readonly unknown[] {
  return Array.isArray(json) ? json : notAvro(json)
}

function notAvro(json: unknown): never {
  throw new BadRecord('schema_incompatible', `not an Avro schema that can be read: ${JSON.stringify(json)}`)
}
