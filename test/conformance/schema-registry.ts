// What every schema registry does, whoever keeps the schemas.
import { describe, expect, it } from 'vitest'
import { avroSchemaText } from '../../serdes/avro-schema.ts'
import { t } from '../../serdes/schema.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'

const request = text(t.record('Request', { id: t.string, ward: t.int }))
const withOptional = text(t.record('Request', { id: t.string, ward: t.int, agency: t.optional(t.string) }))
const withRequired = text(t.record('Request', { id: t.string, ward: t.int, agency: t.string }))
const withOtherType = text(t.record('Request', { id: t.string, ward: t.string }))
const withoutWard = text(t.record('Request', { id: t.string }))
const renamed = text(t.record('Ticket', { id: t.string, ward: t.int }))

/** `open` gives a registry without schemas; subjects are made unique where one registry serves several tests. */
export function schemaRegistryConformance(open: () => Promise<SchemaRegistry>): void {
  describe('a schema registry', () => {
    let tests = 0
    const newSubject = () => `subject-${process.pid}-${Date.now()}-${tests++}-value`

    it('gives the text of a schema by its id', async () => {
      const registry = await open()
      const id = await registry.register(newSubject(), request)
      const text = await registry.schemaById(id)
      expect(text === undefined ? undefined : JSON.parse(text)).toEqual(JSON.parse(request))
    })

    it('gives the same id for the same schema, in one subject and in another', async () => {
      const registry = await open()
      const subject = newSubject()
      const id = await registry.register(subject, request)
      expect(await registry.register(subject, request)).toBe(id)
      expect(await registry.register(newSubject(), request)).toBe(id)
    })

    it('gives the id of an older version too, however many came after it', async () => {
      const registry = await open()
      const subject = newSubject()
      const id = await registry.register(subject, request)
      const next = await registry.register(subject, withOptional)
      expect(next).not.toBe(id)
      expect(await registry.register(subject, request)).toBe(id)
    })

    it('knows nothing of an id it never gave', async () => {
      const registry = await open()
      expect(await registry.schemaById(2_000_000_000)).toBeUndefined()
    })

    it.each([
      ['a new optional field', withOptional],
      ['without a field', withoutWard],
    ])('takes a schema with %s', async (_, next) => {
      const registry = await open()
      const subject = newSubject()
      const id = await registry.register(subject, request)
      expect(await registry.register(subject, next)).not.toBe(id)
    })

    it.each([
      ['a new required field', withRequired],
      ['another type of a field', withOtherType],
      ['another name', renamed],
    ])('refuses a schema with %s, which could not read what is in the topic', async (_, next) => {
      const registry = await open()
      const subject = newSubject()
      await registry.register(subject, request)
      await expect(registry.register(subject, next)).rejects.toMatchObject({ code: 'schema_incompatible' })
    })

    it('takes in another subject what it refused in one', async () => {
      const registry = await open()
      await registry.register(newSubject(), request)
      expect(await registry.register(newSubject(), withRequired)).toBeGreaterThan(0)
    })

    it('gives one id to those who register the same schema at the same time', async () => {
      const registry = await open()
      const subject = newSubject()
      const ids = await Promise.all(Array.from({ length: 5 }, () => registry.register(subject, request)))
      expect(new Set(ids).size).toBe(1)
    })
  })
}

function text(schema: Parameters<typeof avroSchemaText>[0]): string {
  return avroSchemaText(schema)
}
