import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { avroSchemaText } from '../../../serdes/avro-schema.ts'
import { openEmbeddedRegistry } from '../../../serdes/registry/embedded.ts'
import { t } from '../../../serdes/schema.ts'
import { schemaRegistryConformance } from '../../conformance/schema-registry.ts'

const ward = avroSchemaText(t.record('Ward', { number: t.int }))
const namedWard = avroSchemaText(t.record('Ward', { number: t.int, name: t.optional(t.string) }))
const otherWard = avroSchemaText(t.record('Ward', { number: t.string, area: t.double }))

let folder = ''
let files = 0
const newFile = () => join(folder, `registry-${files++}.jsonl`)
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'registry-'))
})
afterAll(() => rm(folder, { recursive: true }))

describe('the embedded registry in memory', () => schemaRegistryConformance(() => openEmbeddedRegistry()))

describe('the embedded registry in a file', () => {
  schemaRegistryConformance(() => openEmbeddedRegistry({ file: newFile() }))

  it('knows after opening again what it knew before', async () => {
    const file = newFile()
    const before = await openEmbeddedRegistry({ file })
    const id = await before.register('wards-value', ward)
    await before.register('wards-value', namedWard)
    await before.register('old-wards-value', ward)
    const after = await openEmbeddedRegistry({ file })
    expect(after.subjects()).toEqual(['old-wards-value', 'wards-value'])
    expect(after.versions('wards-value')).toEqual(before.versions('wards-value'))
    expect(after.versions('wards-value').map(({ version }) => version)).toEqual([1, 2])
    expect(await after.register('other-value', ward)).toBe(id)
  })

  it('cuts a line that a crash left torn, and goes on behind the last whole one', async () => {
    const file = newFile()
    const before = await openEmbeddedRegistry({ file })
    const id = await before.register('wards-value', ward)
    await appendFile(file, '{"subject":"wards-value","versi')
    const after = await openEmbeddedRegistry({ file })
    const next = await after.register('wards-value', namedWard)
    expect(next).not.toBe(id)
    expect((await readFile(file, 'utf8')).trim().split('\n')).toHaveLength(2)
    expect((await openEmbeddedRegistry({ file })).versions('wards-value')).toHaveLength(2)
  })

  it('refuses a file that holds something else', async () => {
    const file = newFile()
    await appendFile(file, '{"name":"not a registry"}\n')
    await expect(openEmbeddedRegistry({ file })).rejects.toMatchObject({ code: 'registry_corrupted' })
  })
})

describe('what a refusal says', () => {
  it('names every field that cannot be read, and what to do', async () => {
    const registry = await openEmbeddedRegistry()
    await registry.register('wards-value', ward)
    await expect(registry.register('wards-value', otherWard)).rejects.toThrow(
      /wards-value.*version 1.*Ward\.number.*Ward\.area is new and has no default.*optional/,
    )
  })

  it('says of what is no schema that it is none', async () => {
    const registry = await openEmbeddedRegistry()
    await expect(registry.register('x-value', '{"type":"word"}')).rejects.toMatchObject({ code: 'schema_invalid' })
    expect(registry.subjects()).toEqual([])
  })
})
