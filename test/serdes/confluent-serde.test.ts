import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'
import { ManualClock } from '../../core/clock.ts'
import { minutes } from '../../core/duration.ts'
import { Retriable } from '../../core/errors.ts'
import { binarySerde } from '../../serdes/binary-serde.ts'
import { confluentSerde, FRAME_BYTES } from '../../serdes/confluent-serde.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { t } from '../../serdes/schema.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import { codeOf, decode, encode } from './encoding.ts'

class Ward extends t.record('Ward', { number: t.int }) {}
class NamedWard extends t.record('Ward', { number: t.int, name: t.optional(t.string) }) {}
class OtherWard extends t.record('Ward', { number: t.string }) {}

const subject = 'wards-value'

function framed(id: number, ...body: readonly number[]): Buffer {
  const frame = Buffer.alloc(FRAME_BYTES)
  frame.writeInt32BE(id, 1)
  return Buffer.concat([frame, Buffer.from(body)])
}

/** A registry that counts what it is asked and fails on demand. */
function watched(registry: SchemaRegistry) {
  const watch = {
    asked: 0,
    down: false,
    register: (subject: string, schema: string) => registry.register(subject, schema),
    schemaById(id: number) {
      watch.asked++
      if (watch.down) return Promise.reject(new Retriable('registry_unavailable', 'the registry does not answer'))
      return registry.schemaById(id)
    },
  }
  return watch
}

describe('framed values', () => {
  it('are a zero byte, the id of our schema, and Avro', async () => {
    const serde = await confluentSerde({ schema: Ward, subject, registry: await openEmbeddedRegistry() })
    const bytes = encode(serde, new Ward({ number: -3 }))
    expect(bytes).toEqual(framed(serde.schemaId, 5))
    expect(decode(serde, bytes)).toEqual({ number: -3 })
  })

  it('can be put together from a frame and a body encoded elsewhere', async () => {
    const serde = await confluentSerde({ schema: Ward, subject, registry: await openEmbeddedRegistry() })
    const to = new ByteWriter(1)
    serde.writeFrame(to)
    binarySerde(Ward).write(new Ward({ number: 7 }), to)
    expect(to.copy()).toEqual(encode(serde, new Ward({ number: 7 })))
  })

  it('leave nothing behind when they do not fit the schema', async () => {
    const serde = await confluentSerde({ schema: Ward, subject, registry: await openEmbeddedRegistry() })
    const to = new ByteWriter(1)
    expect(codeOf(() => serde.write(new Ward({ number: 0.5 }), to))).toBe('encode')
    expect(to.position).toBe(0)
  })

  it.each([
    ['an empty value', []],
    ['another magic byte', [1, 0, 0, 0, 1, 2]],
    ['a frame cut short', [0, 0, 0, 0]],
    ['a frame without a body', [0, 0, 0, 0, 1]],
    ['bytes left over', [0, 0, 0, 0, 1, 2, 2]],
  ])('%s is refused', async (_, bytes) => {
    const serde = await confluentSerde({ schema: Ward, subject, registry: await openEmbeddedRegistry() })
    expect(serde.schemaId).toBe(1)
    expect(codeOf(() => decode(serde, Buffer.from(bytes)))).toBe('decode')
  })
})

describe('values of another schema', () => {
  it('are read after their schema was asked for once', async () => {
    const registry = watched(await openEmbeddedRegistry())
    const old = await confluentSerde({ schema: Ward, subject, registry })
    const serde = await confluentSerde({ schema: NamedWard, subject, registry })
    const bytes = encode(old, new Ward({ number: 3 }))
    expect(() => decode(serde, bytes)).toThrow(expect.objectContaining({ schemaId: old.schemaId }))
    await serde.resolve(old.schemaId)
    expect(decode(serde, bytes)).toBeInstanceOf(NamedWard)
    expect(decode(serde, bytes)).toEqual({ number: 3, name: undefined })
    expect(registry.asked).toBe(1)
  })

  it('are read by older readers, which leave out what is new', async () => {
    const registry = await openEmbeddedRegistry()
    const serde = await confluentSerde({ schema: Ward, subject, registry })
    const next = await confluentSerde({ schema: NamedWard, subject, registry })
    await serde.resolve(next.schemaId)
    expect(decode(serde, encode(next, new NamedWard({ number: 3, name: 'Noe' })))).toEqual({ number: 3 })
  })

  it('are refused with the reasons when they cannot be read', async () => {
    const registry = await openEmbeddedRegistry()
    const serde = await confluentSerde({ schema: Ward, subject, registry })
    const other = await confluentSerde({ schema: OtherWard, subject: 'others-value', registry })
    const bytes = encode(other, new OtherWard({ number: '3' }))
    await serde.resolve(other.schemaId)
    expect(codeOf(() => decode(serde, bytes))).toBe('schema_incompatible')
    expect(() => decode(serde, bytes)).toThrow('Ward.number')
  })

  it('are refused while the registry does not know their id, which is asked for again later', async () => {
    const clock = new ManualClock()
    const local = await openEmbeddedRegistry()
    const registry = watched(local)
    const serde = await confluentSerde({ schema: NamedWard, subject, registry, clock })
    expect(codeOf(() => decode(serde, framed(2, 6)))).toBe('schema_unresolved')
    await serde.resolve(2)
    for (let i = 0; i < 3; i++) expect(codeOf(() => decode(serde, framed(2, 6)))).toBe('schema_unknown')
    expect(registry.asked).toBe(1)
    await local.register(
      'elsewhere-value',
      JSON.stringify({ type: 'record', name: 'Ward', fields: [{ name: 'number', type: 'int' }] }),
    )
    clock.advance(minutes(1))
    expect(codeOf(() => decode(serde, framed(2, 6)))).toBe('schema_unresolved')
    await serde.resolve(2)
    expect(decode(serde, framed(2, 6)).number).toBe(3)
  })

  describe('of an id that the registry may not know yet', () => {
    const lagMsMax = 1_000
    const open = async () => {
      const clock = new ManualClock()
      const local = await openEmbeddedRegistry()
      const registry = { ...watched(local), lagMsMax }
      const serde = await confluentSerde({ schema: Ward, subject, registry, clock })
      const isAwaited = (id: number) =>
        serde.resolve(id).then(
          () => false,
          (error) => error instanceof Retriable,
        )
      return { clock, local, serde, isAwaited }
    }

    it('wait for it, and are read when it comes', async () => {
      const { clock, local, serde, isAwaited } = await open()
      expect(await isAwaited(2)).toBe(true)
      clock.advance(lagMsMax - 1)
      expect(await isAwaited(2)).toBe(true)
      expect(codeOf(() => decode(serde, framed(2, 6)))).toBe('schema_unresolved')
      await confluentSerde({ schema: NamedWard, subject, registry: local })
      expect(await isAwaited(2)).toBe(false)
      expect(decode(serde, framed(2, 6, 0))).toEqual({ number: 3 })
    })

    it('are refused when it does not come in time, and when it is asked for later', async () => {
      const { clock, serde, isAwaited } = await open()
      expect(await isAwaited(2)).toBe(true)
      clock.advance(lagMsMax)
      expect(await isAwaited(2)).toBe(false)
      expect(codeOf(() => decode(serde, framed(2, 6)))).toBe('schema_unknown')
      clock.advance(minutes(1))
      expect(codeOf(() => decode(serde, framed(2, 6)))).toBe('schema_unresolved')
      expect(await isAwaited(2)).toBe(false)
      expect(codeOf(() => decode(serde, framed(2, 6)))).toBe('schema_unknown')
    })

    it('wait half as long after each id that has not come, as long as ever after one that has', async () => {
      const { clock, local, isAwaited } = await open()
      const waitFor = async (id: number) => {
        const from = clock.now()
        while (await isAwaited(id)) clock.advance(1)
        return clock.now() - from
      }
      expect([await waitFor(10), await waitFor(11), await waitFor(12)]).toEqual([1_000, 500, 250])
      await confluentSerde({ schema: NamedWard, subject, registry: local })
      expect([await waitFor(2), await waitFor(13)]).toEqual([0, 1_000])
    })
  })

  it('wait while the registry cannot be asked', async () => {
    const registry = watched(await openEmbeddedRegistry())
    const serde = await confluentSerde({ schema: Ward, subject, registry })
    registry.down = true
    await expect(serde.resolve(9)).rejects.toThrow(Retriable)
    expect(codeOf(() => decode(serde, framed(9, 6)))).toBe('schema_unresolved')
  })

  it('are forgotten, oldest first, when there are very many', async () => {
    const registry = await openEmbeddedRegistry()
    const serde = await confluentSerde({ schema: Ward, subject, registry })
    for (let id = 2; id <= 1002; id++) await serde.resolve(id)
    expect(codeOf(() => decode(serde, framed(2, 6)))).toBe('schema_unresolved')
    expect(codeOf(() => decode(serde, framed(3, 6)))).toBe('schema_unknown')
  })
})

it('a schema that cannot read what the subject holds is refused at once', async () => {
  const registry = await openEmbeddedRegistry()
  await confluentSerde({ schema: Ward, subject, registry })
  await expect(confluentSerde({ schema: OtherWard, subject, registry })).rejects.toMatchObject({
    code: 'schema_incompatible',
  })
})
