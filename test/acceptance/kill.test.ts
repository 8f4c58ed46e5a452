// kill -9 at random moments, restart with the same command, until it ends: tables, topics and counters are those of a run that nobody disturbed.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { sanFrancisco } from '../../cities/sf/san-francisco.ts'
import { caseTopology } from '../../cities/topology.ts'
import { silentLogger } from '../../core/logger.ts'
import { seededRandom } from '../../core/random.ts'
import { startEmbeddedPostgres } from '../../sinks/postgres/embedded-server.ts'
import { usePostgres } from '../services/postgres.ts'
import { newDatabase } from '../support/database.ts'
import { oracle } from '../support/oracle.ts'
import { type End, type Program, useProgram } from '../support/program.ts'
import { committedRecords } from '../support/program-log.ts'
import { accountedFor, summaryIn } from '../support/run-summary.ts'
import { hasSharedData, type Row, sfFiles, sharedRows } from '../support/shared-data.ts'
import { expectTables, writtenTables } from '../support/written-tables.ts'

const seed = Number(process.env.KILL_SEED ?? Date.now() % 1_000_000)
const city = sanFrancisco()
const deathsWanted = 20
/** Deaths before a data directory is left in peace. */
const deathsInARowMax = 10

const name = 'a program that is killed again and again (../shared/data absent)'

describe.skipIf(!hasSharedData)(name, { timeout: 400_000 }, () => {
  const program = useProgram()
  const postgres = usePostgres()
  const rows = hasSharedData ? mixedRows() : []
  const expected = oracle(rows)
  const undisturbed = { lifeMs: 0, counts: {} }
  let input = ''

  const optionsFor = (directory: string, more: readonly string[] = []) => [
    ...['--data-dir', directory, '--input', input, '--commit-interval-ms', '5', '--until-done', '--json'],
    ...more,
  ]

  beforeAll(async () => {
    process.stdout.write(`KILL_SEED=${seed}\n`)
    input = join(program.newDirectory(), 'rows.ndjson')
    writeFileSync(input, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
    const url = await newDatabase(postgres().url)
    const startedAt = Date.now()
    const end = await program.start(...optionsFor(program.newDirectory(), ['--postgres', url])).ended
    undisturbed.lifeMs = Date.now() - startedAt
    undisturbed.counts = countsIn(end)
    expectTables(await writtenTables(url), expected)
  })

  test('on a Postgres that outlives it, twenty deaths change nothing', async () => {
    const random = seededRandom(seed)
    for (let deaths = 0; deaths < deathsWanted; ) {
      const directory = program.newDirectory()
      const url = await newDatabase(postgres().url)
      const options = optionsFor(directory, ['--postgres', url])
      const lives = await livesOf(program, options, () => 150 + random() * undisturbed.lifeMs)
      await expectUndisturbed(directory, url, lives.last)
      deaths += lives.deaths
    }
  })

  test('on its embedded Postgres, which dies otherwise, some deaths change nothing', async () => {
    const directory = program.newDirectory()
    const random = seededRandom(seed + 1)
    const { last } = await livesOf(program, optionsFor(directory), () => 1_500 + random() * undisturbed.lifeMs)
    const server = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), logger: silentLogger })
    program.removeLater(server.directory)
    try {
      await expectUndisturbed(directory, server.url, last)
    } finally {
      await server.stop()
    }
  })

  async function expectUndisturbed(directory: string, url: string, end: End): Promise<void> {
    const tables = await writtenTables(url)
    expectTables(tables, expected)
    const wins = expected.accepted + expected.conflicts
    expect(tables.versions.size).toBe(wins)
    expect([...tables.versions].filter(([, times]) => times !== 1)).toEqual([])
    const enriched = await committedRecords(directory, caseTopology(city), city.topics.enriched.name)
    expect(new Set(enriched.map(({ value }) => placeOf(value))).size).toBe(enriched.length)
    expect(enriched.length).toBe(wins)
    expect(countsIn(end)).toEqual(undisturbed.counts)
  }
})

interface Lives {
  readonly deaths: number
  /** The one that came to its end. */
  readonly last: End
}

/** Starts the program again until it comes to its end; each life is killed after `delay` ms, at most `deathsInARowMax` of them. */
async function livesOf(program: Program, options: readonly string[], delay: () => number): Promise<Lives> {
  for (let deaths = 0; ; deaths++) {
    const life = program.start(...options)
    const timer = deaths < deathsInARowMax ? setTimeout(life.kill, delay()) : undefined
    const end = await life.ended
    clearTimeout(timer)
    // What has told its end is over, even if the signal was faster than its exit.
    if (end.code !== null || end.stdout.includes('\n')) return { deaths, last: end }
  }
}

/** The counts of a run that has come to its end; nothing in them depends on how often it was started. */
function countsIn({ code, stdout, stderr }: End) {
  expect(code ?? 0, stderr).toBe(0)
  const summary = summaryIn(stdout)
  expect(accountedFor(summary)).toBe(summary.read)
  const { read, invalid, invalidByReason, duplicate, stale, conflict, accepted, cases, windows } = summary
  return { read, invalid, invalidByReason, duplicate, stale, conflict, accepted, cases, windows }
}

function placeOf(value: unknown): string {
  const { sourcePartition, sourceOffset } = value as { sourcePartition: number; sourceOffset: number }
  return `${sourcePartition}:${sourceOffset}`
}

/** Cases in several versions, each twice, among those of a day, with some rows that are none. */
function mixedRows(): Row[] {
  const versions = sharedRows(sfFiles[1])
  const day = sharedRows(sfFiles[6]).slice(0, 5000)
  const bad = [{ requested_datetime: '2023-02-09T08:35:00.000' }, { service_request_id: 'x1', requested_datetime: '2' }]
  return [...versions, ...day.slice(0, 2500), ...bad, ...versions, ...day.slice(2500), ...bad]
}
