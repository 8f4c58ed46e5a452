import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type FileProgress, openFileSource } from '../../../cities/ingest/file-source.ts'
import type { Cursor, RowBatch } from '../../../cities/ingest/source.ts'
import type { RawCase } from '../../../cities/sf/raw-case.ts'
import { sfRowFormat } from '../../../cities/sf/row-format.ts'

const running = new AbortController().signal
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'file-source-'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function fileOf(name: string, content: string | Buffer): string {
  const path = join(folder, name)
  writeFileSync(path, name.endsWith('.gz') ? gzipSync(content) : content)
  return path
}

async function batches(path: string, cursor?: Cursor): Promise<RowBatch<RawCase>[]> {
  const source = await openFileSource({ path, format: sfRowFormat() })
  const found: RowBatch<RawCase>[] = []
  for await (const batch of source.rows(cursor, running)) found.push(batch)
  return found
}

const rawsOf = (found: readonly RowBatch<RawCase>[]) => found.flatMap(({ rows }) => rows.map(({ raw }) => raw))
const idsOf = (found: readonly RowBatch<RawCase>[]) =>
  rawsOf(found).map(({ service_request_id: id, defect }) => id ?? defect)

const rows = Array.from({ length: 4500 }, (_, i) => ({
  service_request_id: String(i + 1),
  requested_datetime: '2023-02-09T08:35:00.000',
  status_notes: `note ${i}, with "quotes",\nlines and 🌉`,
}))
const ids = rows.map(({ service_request_id: id }) => id)
const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
const contents: Readonly<Record<string, string>> = {
  'all.ndjson': rows.map((row) => JSON.stringify(row)).join('\n'),
  'all.ndjson.gz': `${rows.map((row) => JSON.stringify(row)).join('\r\n')}\r\n`,
  'all.json': JSON.stringify(rows),
  'soda.json.gz': `[${rows.map((row) => JSON.stringify(row)).join('\n,')}]\n`,
  'pretty.json': JSON.stringify(rows, undefined, 2),
  'lines.json': rows.map((row) => JSON.stringify(row)).join('\n'),
  'all.csv': `CaseID,Opened,Status Notes\n${rows.map((row) => Object.values(row).map(quoted).join(',')).join('\n')}\n`,
  'all.csv.gz': `\uFEFFservice_request_id,requested_datetime,status_notes\r\n${rows.map((row) => Object.values(row).map(quoted).join(',')).join('\r\n')}`,
}

describe.each(Object.keys(contents))('%s', (name) => {
  test('gives every row once, in order, unchanged, in bounded batches', async () => {
    const found = await batches(fileOf(name, contents[name] ?? ''))
    expect(
      rawsOf(found).map(({ service_request_id, requested_datetime, status_notes }) => ({
        service_request_id,
        requested_datetime,
        status_notes,
      })),
    ).toEqual(rows)
    expect(Math.max(...found.map((batch) => batch.rows.length))).toBe(2000)
  })

  test('goes on behind any committed batch', async () => {
    const path = fileOf(name, contents[name] ?? '')
    const all = await batches(path)
    for (const [i, { cursor }] of all.slice(0, -1).entries()) {
      const before = idsOf(all.slice(0, i + 1))
      const rest = await batches(path, JSON.parse(JSON.stringify(cursor)))
      expect([...before, ...idsOf(rest)]).toEqual(ids)
    }
  })

  test('is read again from the beginning when it was finished', async () => {
    const path = fileOf(name, contents[name] ?? '')
    const all = await batches(path)
    expect(idsOf(await batches(path, all.at(-1)?.cursor))).toEqual(ids)
  })
})

test('a finished file is not read again by the run that has finished it, but by the next', async () => {
  const path = fileOf('one.ndjson', contents['all.ndjson'] ?? '')
  const read = async (run: number, cursor?: Cursor) => {
    const source = await openFileSource({ path, format: sfRowFormat(), run })
    const found: RowBatch<RawCase>[] = []
    for await (const batch of source.rows(cursor, running)) found.push(batch)
    return found
  }
  const all = await read(1)
  expect(idsOf(await read(1, all.at(-1)?.cursor))).toEqual([])
  expect(idsOf(await read(2, all[0]?.cursor))).toEqual(ids.slice(2000))
  expect(idsOf(await read(2, all.at(-1)?.cursor))).toEqual(ids)
})

test('a file is known by its content, not by its name', async () => {
  const one = await openFileSource({ path: fileOf('one.ndjson', '{}'), format: sfRowFormat() })
  const copy = await openFileSource({ path: fileOf('copy.ndjson', '{}'), format: sfRowFormat() })
  const other = await openFileSource({ path: fileOf('other.ndjson', '{ }'), format: sfRowFormat() })
  expect(copy.name).toBe(one.name)
  expect(other.name).not.toBe(one.name)
})

test.each([
  [
    'bad.ndjson',
    Buffer.concat([
      Buffer.from('{"service_request_id":"1"}\n{"service_request_id":\nnull\n\n{"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"service_request_id":"2"}'),
    ]),
  ],
  [
    'bad.json',
    Buffer.concat([
      Buffer.from('[{"service_request_id":"1"},{"service_request_id":},null,{"a":"'),
      Buffer.from([0xff]),
      Buffer.from('"},{"service_request_id":"2"}]'),
    ]),
  ],
])('a line of %s that is no row is one malformed row, and the rest is read', async (name, content) => {
  expect(idsOf(await batches(fileOf(name, content)))).toEqual([
    '1',
    'not_an_object',
    'not_an_object',
    'not_an_object',
    '2',
  ])
})

test('a row beyond all bounds is cut off and malformed', async () => {
  const long = `{"service_request_id":"${'9'.repeat(3_000_000)}"}`
  const found = await batches(fileOf('long.ndjson', `${long}\n{"service_request_id":"2"}\n`))
  expect(idsOf(found)).toEqual(['not_an_object', '2'])
  expect(rawsOf(found)[0]?.malformed?.length).toBe(10_000)
})

test('the portal’s CSV, with its titles, dates and computed regions, gives the API’s rows', async () => {
  const csv = [
    'CaseID,Opened,Closed,Updated,Status,Responsible Agency,Category,Supervisor District,Neighborhood,Latitude,Longitude,Point,Media URL,data_as_of,Current Police Districts,Priority',
    '101001243928,01/01/2025 12:00:36 AM,2025/01/01 01:26:42 PM,,Closed,"Recology, overflowing",Graffiti Public,2.0,UNION STREET,37.79,-122.43,"(37.79, -122.43)",http://x.org/1,2025/01/11 06:00:00 AM,4,high',
  ].join('\n')
  const [raw] = rawsOf(await batches(fileOf('portal.csv', csv)))
  expect(raw).toMatchObject({
    service_request_id: '101001243928',
    requested_datetime: '2025-01-01T00:00:36.000',
    closed_date: '2025-01-01T13:26:42.000',
    updated_datetime: undefined,
    agency_responsible: 'Recology, overflowing',
    service_name: 'Graffiti Public',
    supervisor_district: '2.0',
    neighborhoods_sffind_boundaries: 'UNION STREET',
    lat: '37.79',
    media_url: 'http://x.org/1',
    data_as_of: '2025-01-11T06:00:00.000',
    extra: { priority: '"high"' },
  })
})

test('progress tells bytes, rows and the end', async () => {
  const seen: FileProgress[] = []
  const path = fileOf('progress.ndjson.gz', contents['all.ndjson'] ?? '')
  const source = await openFileSource({ path, format: sfRowFormat(), onProgress: (progress) => seen.push(progress) })
  for await (const _ of source.rows(undefined, running));
  expect(seen.map(({ rows: count }) => count)).toEqual([2000, 4000, 4500])
  expect(seen.at(-1)?.bytesRead).toBe(seen.at(-1)?.bytesTotal)
})

test.each(['rows.txt', 'rows.parquet', 'ndjson'])('%s is refused by its name', async (name) => {
  await expect(openFileSource({ path: fileOf(name, ''), format: sfRowFormat() })).rejects.toThrow(
    /none of \.ndjson, \.json, \.csv/,
  )
})

test.each(['empty.ndjson', 'empty.json', 'empty.csv', 'empty.csv.gz'])('%s is done at once', async (name) => {
  expect(await batches(fileOf(name, ''))).toMatchObject([{ rows: [], cursor: { isDone: true } }])
})

test('any rows, cut into chunks anywhere, come back', async () => {
  const { ArraySplitter, LineSplitter } = await import('../../../cities/ingest/pieces.ts')
  const value = fc.dictionary(
    fc.string({ unit: 'grapheme' }),
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.double(), fc.array(fc.string())),
  )
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), fc.array(fc.nat(50)), fc.boolean(), (values, cuts, isArray) => {
      const lines = values.map((one) => JSON.stringify(one))
      const bytes = Buffer.from(isArray ? `[${lines.join(', ')}]` : `${lines.join('\n')}\n`)
      const splitter = isArray ? new ArraySplitter({ from: 0 }) : new LineSplitter({ from: 0, quoted: false })
      const found: { bytes: Buffer; end: number }[] = []
      let at = 0
      for (const cut of cuts) {
        found.push(...splitter.feed(bytes.subarray(at, at + cut)))
        at += cut
      }
      found.push(...splitter.feed(bytes.subarray(at)), ...splitter.finish())
      expect(found.map((piece) => JSON.parse(piece.bytes.toString()))).toEqual(lines.map((line) => JSON.parse(line)))
    }),
  )
})
