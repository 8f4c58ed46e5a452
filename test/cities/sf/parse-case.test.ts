import { describe, expect, test } from 'vitest'
import type { Case } from '../../../cities/case.ts'
import { openedTime, parseCase } from '../../../cities/sf/parse-case.ts'
import { RawCase } from '../../../cities/sf/raw-case.ts'
import { malformedRow, sodaRow } from '../../../cities/sf/soda-row.ts'
import { ByteWriter } from '../../../core/byte-writer.ts'
import { Rejected } from '../../../processors/validate.ts'
import { binarySerde } from '../../../serdes/binary-serde.ts'
import { parsed, place, row, sodaCase } from '../../support/cases.ts'
import { hasSharedData, sfFiles, sharedRows } from '../../support/shared-data.ts'

const instant = (iso: string) => Date.parse(iso)
const reasonOf = (value: unknown) => {
  const result = parsed(value)
  return result instanceof Rejected ? result.rejected : 'accepted'
}

describe('a row that breaks the contract', () => {
  test.each([
    ['no_id', { requested_datetime: '2023-02-09T08:35:00.000' }],
    ['no_id', row({ service_request_id: null })],
    ['no_id', row({ service_request_id: '' })],
    ['bad_id', row({ service_request_id: 'A-17' })],
    ['bad_id', row({ service_request_id: '123456789012345678901' })],
    ['no_opening', row({ requested_datetime: undefined })],
    ['impossible_date', row({ requested_datetime: '2020-02-30T00:00:00.000' })],
    ['impossible_date', row({ requested_datetime: '1969-12-31T00:00:00.000' })],
    ['impossible_date', row({ closed_date: '2023-02-29T00:00:00.000' })],
    ['impossible_date', row({ updated_datetime: 'yesterday' })],
    ['not_an_object', null],
    ['not_an_object', [row()]],
    ['not_an_object', 'text'],
    ['not_an_object', 17],
    ['bad_text', row({ address: 'NUL \0 here' })],
    ['bad_text', row({ status_notes: 'half a pair \ud83d' })],
  ])('is rejected as %s: %j', (reason, value) => {
    expect(reasonOf(value)).toBe(reason)
  })

  test('is rejected when it lies under the key of another case', () => {
    const { raw } = sodaRow(row())
    const other = sodaRow(row({ service_request_id: '17' }))
    expect(parseCase(raw, other.key, place())).toMatchObject({ rejected: 'key_mismatch' })
  })

  test('keeps what it was, and moves no clock', () => {
    const { key, raw } = malformedRow('{"service_request_id":"16408412", …')
    expect(raw.malformed).toBe('{"service_request_id":"16408412", …')
    expect(key).toMatch(/^no-id:/)
    expect(openedTime(raw)).toBe(1)
    expect(openedTime(sodaRow(row()).raw)).toBe(instant('2023-02-09T16:35:00Z'))
  })
})

describe('a case', () => {
  test('has the same form whatever year its row is from', () => {
    const old = sodaCase({
      closed_date: '2023-02-10T08:57:00.000',
      status_description: 'Closed',
      service_name: 'General Requests',
      service_subtype: 'Garbage_and_Debris',
      source: 'Voice In',
      supervisor_district: '6',
      police_district: 'TENDERLOIN',
      media_url: 'http://example.org/1',
    })
    const today = sodaCase({
      closed_date: '2023-02-10T08:57:00.000',
      status_description: 'Closed',
      service_name: 'General Request - PUBLIC WORKS',
      service_subtype: 'garbage_and_debris',
      source: 'Phone',
      supervisor_district: '6.0',
      police_district: 'Tenderloin',
      media_url: { url: 'http://example.org/1' },
    })
    const { content: _, givenCategory: __, givenSource: ___, ...common } = today
    expect(old).toMatchObject(common)
    expect([old.category, old.givenCategory, today.givenCategory]).toEqual([
      'General Request',
      'General Requests',
      'General Request - PUBLIC WORKS',
    ])
    expect([old.source, old.givenSource, today.givenSource]).toEqual(['Phone', 'Voice In', undefined])
  })

  test.each<[string, object, Partial<Case>]>([
    ['open', {}, { status: 'open', closedAt: undefined, hasResolution: false, closedBeforeOpened: false }],
    [
      'closed, although its export has no status',
      { closed_date: '2023-02-09T10:05:00.000' },
      { status: 'closed', hasResolution: true, resolutionHours: 1.5 },
    ],
    [
      'closed before it was opened',
      { closed_date: '2023-02-09T08:05:00.000' },
      { closedBeforeOpened: true, resolutionHours: -0.5, hasResolution: true },
    ],
    ['closed in the future', { closed_date: '2023-03-01T00:00:00.000' }, { closedInFuture: true }],
    ['somewhere unknown', { lat: '0', long: '0' }, { hasValidLocation: false, latitude: undefined }],
    ['nowhere on earth', { lat: '91', long: '-122.4' }, { hasValidLocation: false, longitude: undefined }],
    ['at no number', { lat: 'NaN', long: 'Infinity' }, { hasValidLocation: false, latitude: undefined }],
    ['in Oakland', { lat: '37.8', long: '-122.2' }, { hasValidLocation: false, latitude: 37.8 }],
    ['at a point', { point: { latitude: '37.7', longitude: '-122.4' } }, { latitude: 37.7, hasValidLocation: true }],
    ['at a GeoJSON point', { point_geom: { coordinates: [-122.4, 37.7] } }, { longitude: -122.4 }],
    ['at a CSV point', { point: '(37.7, -122.4)' }, { latitude: 37.7, longitude: -122.4 }],
    ['at a WKT point', { point_geom: 'POINT (-122.4 37.7)' }, { latitude: 37.7, longitude: -122.4 }],
    [
      'at lat and long rather than at its point',
      { lat: '37.71', long: '-122.4', point: '(1, 2)' },
      { latitude: 37.71 },
    ],
    ['without neighborhood', {}, { missingNeighborhood: true }],
    ['with a neighborhood', { neighborhoods_sffind_boundaries: 'Mission' }, { missingNeighborhood: false }],
    ['in district 0', { supervisor_district: '0' }, { givenSupervisorDistrict: undefined }],
    [
      'with numbers for texts',
      { service_request_id: 16408412, supervisor_district: 6 },
      { givenSupervisorDistrict: '6' },
    ],
  ])('%s is flagged, and kept', (_, fields, expected) => {
    expect(sodaCase(fields)).toMatchObject(expected)
  })

  test.each([
    [{}, '2023-02-09T16:35:00Z', 0],
    [{ closed_date: '2023-02-10T08:57:00.000' }, '2023-02-10T16:57:00Z', 0],
    [
      { closed_date: '2023-02-10T08:57:00.000', updated_datetime: '2023-02-11T00:00:00.000' },
      '2023-02-11T08:00:00Z',
      0,
    ],
    [{ _snapshot: '2016-01-28', data_as_of: '' }, '2023-02-09T16:35:00Z', instant('2016-01-28T08:00:00Z')],
    [{ data_as_of: '2025-01-11T06:00:00.000' }, '2023-02-09T16:35:00Z', instant('2025-01-11T14:00:00Z')],
    [
      { data_as_of: '2025-01-11T06:00:00.000', data_loaded_at: '2025-01-12T00:00:00.000' },
      '2023-02-09T16:35:00Z',
      instant('2025-01-12T08:00:00Z'),
    ],
    [
      { data_loaded_at: '2025-01-12T00:00:00.000', ':updated_at': '2025-01-13T00:00:00.000Z' },
      '2023-02-09T16:35:00Z',
      instant('2025-01-13T00:00:00Z'),
    ],
  ])('of %j has the version %s, %d', (fields, updatedAt, rowVersion) => {
    expect(sodaCase(fields)).toMatchObject({ updatedAt: instant(updatedAt), rowVersion })
  })

  test('has the same content after a reload, and another after a change', () => {
    const content = (fields: object) => sodaCase(fields).content
    const before = content({ a: 1, point: { latitude: '1', longitude: '2' } })
    expect(
      content({ point: { longitude: '2', latitude: '1' }, a: 1, ':id': 'row-1', data_as_of: '2025-01-11', b: null }),
    ).toBe(before)
    expect(content({ a: 2, point: { latitude: '1', longitude: '2' } })).not.toBe(before)
  })

  test('carries the columns that nobody knows, whatever they are called, and reports them', () => {
    const unknown: string[] = []
    const value = JSON.parse('{"__proto__":{"a":1},"priority":"high","n":1.5,":@computed_region_x":"3"}')
    const { raw } = sodaRow({ ...row(), ...value, ['__proto__']: { a: 1 } }, (column) => unknown.push(column))
    expect(unknown.sort()).toEqual(['__proto__', 'n', 'priority'])
    expect(Object.entries(raw.extra ?? {}).sort()).toEqual([
      ['__proto__', '{"a":1}'],
      ['n', '1.5'],
      ['priority', '"high"'],
    ])
    expect(sodaCase({ priority: 'high' }).extra).toEqual({ priority: '"high"' })
  })

  test('passes emoji, right-to-left text, tabs and backslashes through Avro unchanged', () => {
    const notes = '🌉\tشارع\\n\r\n"quoted" {}'
    const { raw } = sodaRow(row({ status_notes: notes }))
    const serde = binarySerde(RawCase)
    const bytes = new ByteWriter()
    serde.write(raw, bytes)
    expect(serde.read(bytes.buffer, 0, bytes.position)).toEqual(raw)
  })
})

describe.skipIf(!hasSharedData)('every shared row (../shared/data absent)', () => {
  test.each(sfFiles)('of %s becomes a case', (file) => {
    const rejected = sharedRows(file)
      .map((value) => parsed(value))
      .filter((result) => result instanceof Rejected)
    expect(rejected).toEqual([])
  })

  test('adds no column that is not known', () => {
    const unknown = new Set<string>()
    for (const file of sfFiles) for (const value of sharedRows(file)) sodaRow(value, (column) => unknown.add(column))
    expect([...unknown]).toEqual([])
  })
})
