import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns, readRecordBatch } from '../../kafka/record-batch/record-columns.ts'
import type { Writer } from '../../state/backend.ts'
import {
  appendFence,
  appendFenceTombstone,
  appendMarker,
  appendPut,
  appendRelease,
  readFenceContent,
  storePrefix,
} from '../../state/changelog.ts'
import { ChangelogRow, readChangelogRow } from '../../state/changelog-row.ts'

const me: Writer = { transactionalId: 'app-né-1', incarnation: 300 }
const other: Writer = { transactionalId: 'app-2', incarnation: 1 }

describe('the changelog', () => {
  it('reads every kind of record as it was written', () => {
    const rows = written((batch) => {
      appendMarker(batch, 5, me, Buffer.from('positions'))
      appendPut(batch, 5, storePrefix('cases'), Buffer.from('..k1..'), 2, 4, Buffer.from('-v-'), 1, 2)
      appendPut(batch, 5, storePrefix('cases'), Buffer.from('k2'), 0, 2, undefined, 0, 0)
      appendFence(batch, 5, { writer: me, nonce: 'n', topologyHash: 'abc' })
      appendFenceTombstone(batch, 5, other)
      appendRelease(batch, 5, me)
    })
    expect(rows).toEqual([
      { kind: 'marker', writer: me, content: 'positions' },
      { kind: 'put', store: 'cases', key: 'k1', value: 'v' },
      { kind: 'delete', store: 'cases', key: 'k2' },
      { kind: 'fence', writer: me, nonce: 'n', topologyHash: 'abc' },
      { kind: 'fence tombstone', writer: other },
      { kind: 'release', writer: me },
    ])
  })

  it('gives fences of different writers different keys, and a tombstone the key of its fence', () => {
    const keys = keysOf((batch) => {
      appendFence(batch, 0, { writer: me, nonce: 'a', topologyHash: '' })
      appendFence(batch, 0, { writer: { ...me, incarnation: 301 }, nonce: 'a', topologyHash: '' })
      appendFence(batch, 0, { writer: other, nonce: 'a', topologyHash: '' })
      appendFenceTombstone(batch, 0, me)
    })
    expect(new Set(keys).size).toBe(3)
    expect(keys[3]).toBe(keys[0])
  })

  it('gives markers one key and releases one, whoever writes them', () => {
    const keys = keysOf((batch) => {
      appendMarker(batch, 0, me, Buffer.from('1'))
      appendMarker(batch, 0, other, Buffer.from('2'))
      appendRelease(batch, 0, me)
      appendRelease(batch, 0, other)
    })
    expect(keys[1]).toBe(keys[0])
    expect(keys[3]).toBe(keys[2])
    expect(keys[2]).not.toBe(keys[0])
  })

  it('refuses records that the engine did not write', () => {
    expect(() => written((batch) => batch.append(0, Buffer.from('\0X'), 0, 2, Buffer.from(''), 0, 0))).toThrow(
      /kind 88/,
    )
    expect(() => written((batch) => batch.append(0, Buffer.from([9, 65]), 0, 2, Buffer.from(''), 0, 0))).toThrow(
      /longer/,
    )
    expect(() => written((batch) => batch.append(0, undefined, 0, 0, Buffer.from(''), 0, 0))).toThrow(/two bytes/)
  })

  it('reads back any changes of any stores', () => {
    const change = fc.record({
      store: fc.constantFrom('cases', 'hourly-volume', 's'.repeat(255), 'ñ'),
      key: fc.uint8Array({ maxLength: 20 }),
      value: fc.option(fc.uint8Array({ maxLength: 80 }), { nil: undefined }),
    })
    fc.assert(
      fc.property(fc.array(change, { minLength: 1 }), (changes) => {
        const rows = written((batch) => {
          for (const { store, key, value } of changes) {
            const bytes = value && Buffer.from(value)
            appendPut(batch, 1, storePrefix(store), Buffer.from(key), 0, key.length, bytes, 0, value?.length ?? 0)
          }
        })
        expect(rows).toEqual(
          changes.map(({ store, key, value }) =>
            value === undefined
              ? { kind: 'delete', store, key: text(key) }
              : { kind: 'put', store, key: text(key), value: text(value) },
          ),
        )
      }),
    )
  })
})

function columnsOf(write: (batch: RecordBatchWriter) => void): RecordColumns {
  const batch = new RecordBatchWriter()
  write(batch)
  const columns = new RecordColumns()
  readRecordBatch(
    Buffer.from(batch.finish({ producerId: 1, epoch: 0, sequence: 0, isTransactional: true })),
    0,
    columns,
  )
  return columns
}

function written(write: (batch: RecordBatchWriter) => void): unknown[] {
  const columns = columnsOf(write)
  const row = new ChangelogRow()
  return Array.from({ length: columns.count }, (_, i) => {
    readChangelogRow(columns, i, row)
    return described(row)
  })
}

function described(row: ChangelogRow): unknown {
  const { kind, store, writer, buffer } = row
  const key = text(buffer.subarray(row.keyStart, row.keyEnd))
  switch (kind) {
    case 'put':
      return { kind, store, key, value: text(buffer.subarray(row.valueStart, row.valueEnd)) }
    case 'delete':
      return { kind, store, key }
    case 'marker':
      return { kind, writer, content: text(row.content) }
    case 'fence':
      return { kind, writer, ...readFenceContent(row.content) }
    default:
      return { kind, writer }
  }
}

function keysOf(write: (batch: RecordBatchWriter) => void): string[] {
  const columns = columnsOf(write)
  return Array.from({ length: columns.count }, (_, i) =>
    text(columns.buffer.subarray(columns.keyStart[i], columns.keyEnd[i])),
  )
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('latin1')
}
