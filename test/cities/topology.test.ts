import { describe, expect, test } from 'vitest'
import type { CaseId } from '../../cities/case.ts'
import { sanFrancisco } from '../../cities/sf/san-francisco.ts'
import { sodaRow } from '../../cities/sf/soda-row.ts'
import * as tables from '../../cities/tables.ts'
import { caseTopology } from '../../cities/topology.ts'
import { seededRandom } from '../../core/random.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { oracle } from '../support/oracle.ts'
import { hasSharedData, sfFiles, sharedRows } from '../support/shared-data.ts'

const city = sanFrancisco()

/** Rows through the whole topology, in batches, and the tables they leave. */
async function processed(rows: readonly unknown[], { batch = 500, crashes = false } = {}) {
  const driver = await TopologyTestDriver.open(caseTopology(city), { startAt: Date.UTC(2026, 6, 1) })
  const input = driver.input(city.topics.raw)
  for (let at = 0; at < rows.length; at += batch) {
    await input.pipe(...rows.slice(at, at + batch).map((row) => recordOf(row)))
    if (crashes) await driver.crash()
  }
  const found = {
    cases: driver.rows(tables.cases),
    versions: driver.rows(tables.caseVersions),
    volume: driver.rows(tables.neighborhoodVolume),
    refused: driver.rows(tables.deadLetters),
    enriched: await driver.output(city.topics.enriched).read(),
    deadLetters: await driver.output(city.topics.deadLetters).read(),
  }
  await driver.close()
  return found
}

function recordOf(row: unknown) {
  const { key, raw } = sodaRow(row)
  return { key: key satisfies CaseId, value: raw }
}

function expectOracle(found: Awaited<ReturnType<typeof processed>>, rows: readonly unknown[]): void {
  const expected = oracle(rows)
  const cases = new Map(found.cases.map((row) => [row.service_request_id, row]))
  expect(cases.size).toBe(expected.cases.size)
  for (const [id, one] of expected.cases) expect(cases.get(id)).toMatchObject(one)
  expect(found.versions.length).toBe(expected.accepted + expected.conflicts)
  const volume = found.volume.map(({ neighborhood, window_start, opened, closed }) => [
    `${neighborhood}|${window_start}`,
    { opened, closed },
  ])
  expect(Object.fromEntries(volume)).toEqual(Object.fromEntries(expected.volume))
  const rejected = [...expected.rejected.values()].reduce((sum, count) => sum + count, 0)
  expect(found.deadLetters.length).toBe(rejected)
}

function shuffled<T>(items: readonly T[], seed: number): T[] {
  const random = seededRandom(seed)
  return items
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

test('a case that moves, closes and is taken back is counted where its last version says', async () => {
  const base = {
    service_request_id: '1',
    requested_datetime: '2023-02-09T08:35:00.000',
    updated_datetime: '2023-02-09T08:35:00.000',
  }
  const rows = [
    { ...base, analysis_neighborhood: 'Mission' },
    {
      ...base,
      analysis_neighborhood: 'Mission',
      closed_date: '2023-02-09T10:05:00.000',
      updated_datetime: '2023-02-09T10:05:00.000',
    },
    { ...base, analysis_neighborhood: 'Marina', updated_datetime: '2023-02-09T11:00:00.000' },
  ]
  const found = await processed(rows, { batch: 1 })
  expectOracle(found, rows)
  expect(found.volume).toMatchObject([{ neighborhood: 'Marina', opened: 1, closed: 0 }])
})

test('broken rows are dead letters with their reason, and the rest goes on', async () => {
  const good = { service_request_id: '2', requested_datetime: '2023-02-09T08:35:00.000' }
  const rows = [
    { requested_datetime: '2023-02-09T08:35:00.000' },
    'not a row',
    good,
    { ...good, closed_date: '2020-02-30T00:00:00.000' },
  ]
  const found = await processed(rows)
  expectOracle(found, rows)
  expect(found.refused.map(({ topic, reason }) => `${topic} ${reason}`).sort()).toEqual([
    'sf311.raw impossible_date',
    'sf311.raw no_id',
    'sf311.raw not_an_object',
  ])
})

describe.skipIf(!hasSharedData)('on real rows (../shared/data absent)', () => {
  const versions = hasSharedData ? sharedRows('sf311/versions/sf311-case-versions.ndjson.gz') : []
  const current = hasSharedData ? sharedRows('sf311/sf311-2025-2026-current-schema.ndjson') : []
  const day = hasSharedData ? sharedRows('sf311/sf311-2023-02-09-stream.ndjson.gz').slice(0, 2000) : []

  test('the tables are those of the oracle for cases in several versions, in any order, each row twice', async () => {
    for (const seed of [1, 2, 3]) {
      const rows = shuffled([...versions, ...current, ...versions], seed)
      expectOracle(await processed(rows, { batch: 37 }), rows)
    }
  })

  test('the tables are those of the oracle for a day of the whole city', async () => {
    expectOracle(await processed(day), day)
  })

  test('the tables are those of the oracle for every shared row, of all years', async () => {
    const rows = sfFiles.flatMap(sharedRows)
    expectOracle(await processed(rows, { batch: 2000 }), rows)
  })

  test('a crash after every batch changes nothing', async () => {
    const rows = shuffled([...versions, ...day.slice(0, 300), ...versions], 4)
    expectOracle(await processed(rows, { batch: 50, crashes: true }), rows)
  })
})
