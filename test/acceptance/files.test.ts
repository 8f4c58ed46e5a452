// The real program on every file of DataSF rows that we have: its tables equal the oracle's, and its summary accounts for every row.
import { copyFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { silentLogger } from '../../core/logger.ts'
import { startEmbeddedPostgres } from '../../sinks/postgres/embedded-server.ts'
import { oracle } from '../support/oracle.ts'
import { type Program, useProgram } from '../support/program.ts'
import { accountedFor, type RunSummary, summaryIn } from '../support/run-summary.ts'
import { hasSharedData, type Row, sfFiles, sharedData, sharedRows } from '../support/shared-data.ts'
import { shuffledVersions } from '../support/shuffled-versions.ts'
import { expectTables, type WrittenTables, writtenTables } from '../support/written-tables.ts'

describe.skipIf(!hasSharedData)('the program on real files (../shared/data absent)', { timeout: 400_000 }, () => {
  const program = useProgram()

  test('its tables are those of the oracle for all files together, and so they stay when some of them are read again', async () => {
    const directory = program.newDirectory()
    const files = sfFiles.map((file) => join(sharedData, file))
    const rows = sfFiles.flatMap((file) => sharedRows(file))
    const first = await run(program, directory, ['--fresh', '--input', ...files])
    const expected = oracle(rows)
    expectTables(first.tables, expected)
    expectVersions(first.tables, expected.accepted + expected.conflicts)
    expect(first.summary).toMatchObject({
      ...{ ending: 'done', written: rows.length, read: rows.length, cases: expected.cases.size },
      ...{ accepted: expected.accepted, conflict: expected.conflicts },
      ...{ duplicate: expected.duplicates, stale: expected.stale, invalid: 0 },
    })

    const again = [sfFiles[1], sfFiles[3], sfFiles[7], sfFiles[8]]
    const more = again.flatMap((file) => sharedRows(file))
    const second = await run(program, directory, ['--input', ...again.map((file) => join(sharedData, file))])
    expectTables(second.tables, oracle([...rows, ...more]))
    expectVersions(second.tables, expected.accepted + expected.conflicts)
    expect(second.summary.written).toBe(more.length)
    expect(second.summary.read).toBe(rows.length + more.length)
    expect(second.summary.accepted).toBe(expected.accepted)
  })

  test('files that overlap, shuffled rows and rows that are none leave the same tables', async () => {
    const directory = program.newDirectory()
    const rows = [...sharedRows(sfFiles[1]), ...sharedRows(sfFiles[8]), ...sharedRows(sfFiles[4])]
    const half = Math.floor(rows.length / 2)
    const mixed = shuffledVersions(rows, 20230209)
    const bad = [{ requested_datetime: '2023-02-09T08:35:00.000' }, { ...rows[0], closed_date: '2020-02-30T00:00:00' }]
    const files = [
      written(directory, 'a.ndjson', mixed.slice(0, half + 200)),
      written(directory, 'b.ndjson', [...mixed.slice(half - 200), ...bad]),
    ]
    const { tables, summary } = await run(program, program.newDirectory(), ['--input', ...files])
    const expected = oracle([...rows, ...bad])
    // A row that only says the same under a greater row version may come first, so that it is the one that is kept.
    expectTables(tables, expected, { except: ['row_version'] })
    expect(summary).toMatchObject({ read: rows.length + 400 + bad.length, invalid: 2, cases: expected.cases.size })
    expect(summary.invalidByReason).toEqual({ no_id: 1, impossible_date: 1 })
  })

  test('the same content under another name and packed otherwise changes nothing', async () => {
    const directory = program.newDirectory()
    const packed = join(sharedData, sfFiles[3])
    const copy = join(directory, 'copy.ndjson.gz')
    copyFileSync(packed, copy)
    const rows = sharedRows(sfFiles[3])
    const plain = written(directory, 'plain.ndjson', rows)
    const { tables, summary } = await run(program, program.newDirectory(), ['--input', packed, copy, plain])
    expectTables(tables, oracle(rows))
    expect(summary).toMatchObject({ read: 3 * rows.length, accepted: rows.length, duplicate: 2 * rows.length })
  })
})

/** To the end on its embedded Postgres, which is started once more to look into it. */
async function run(
  program: Program,
  directory: string,
  options: readonly string[],
): Promise<{ readonly tables: WrittenTables; readonly summary: RunSummary }> {
  const life = program.start('--data-dir', directory, ...options, '--until-done', '--json')
  const end = await life.ended
  expect(end.code, end.stderr).toBe(0)
  const summary = summaryIn(end.stdout)
  expect(accountedFor(summary)).toBe(summary.read)
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), logger: silentLogger })
  program.removeLater(postgres.directory)
  try {
    return { tables: await writtenTables(postgres.url), summary }
  } finally {
    await postgres.stop()
  }
}

/** Each version that won stands in its table once. */
function expectVersions({ versions }: WrittenTables, count: number): void {
  expect(versions.size).toBe(count)
  expect([...versions].filter(([, times]) => times !== 1)).toEqual([])
}

function written(directory: string, name: string, rows: readonly Row[]): string {
  const path = join(directory, name)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return path
}
