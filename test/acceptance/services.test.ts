// The program on real services, all of them: killed and started again it goes on, its tables are those of a run on the embedded ones and of the oracle;
// a registry that comes late is waited for, and one that must not be written to is not.
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { lockHolder } from '../../cli/directory-lock.ts'
import { openRowReader } from '../../sinks/postgres/row-reader.ts'
import { useKafka } from '../services/kafka.ts'
import { usePostgres } from '../services/postgres.ts'
import { useNativeRedis } from '../services/redis.ts'
import { useRestartableRegistry } from '../services/restartable-registry.ts'
import { newDatabase } from '../support/database.ts'
import { oracle } from '../support/oracle.ts'
import { type Life, useProgram } from '../support/program.ts'
import { accountedFor, summaryIn } from '../support/run-summary.ts'
import { hasSharedData, type Row, sfFiles, sharedRows } from '../support/shared-data.ts'
import { expectTables, writtenTables } from '../support/written-tables.ts'

const patienceMs = 120_000
const subjects = ['sf311.enriched-value', 'sf311.raw-value', 'sf311.volume-value']

describe.skipIf(!hasSharedData)('the program and its services (../shared/data absent)', { timeout: 400_000 }, () => {
  const program = useProgram()
  const postgres = usePostgres()
  const registry = useRestartableRegistry()

  describe('on real ones', () => {
    // Topics, keys and subjects have the names of the application: nobody else may have used them before.
    const kafka = useKafka({ nativeOnly: true })
    const redis = useNativeRedis()

    test('waits for the registry, goes on after its death, and leaves the tables of a run on embedded ones', async () => {
      const rows = [...sharedRows(sfFiles[1]), ...sharedRows(sfFiles[0]), ...sharedRows(sfFiles[6]).slice(0, 3000)]
      const more = [...rows.slice(0, 200), ...sharedRows(sfFiles[6]).slice(3000, 3500)]
      const directory = program.newDirectory()
      const url = await newDatabase(postgres().url)
      const services = [
        ...['--kafka', kafka().brokers.join(','), '--redis', redis().url, '--registry', registry().url],
        ...['--postgres', url, '--data-dir', directory, '--compression', 'gzip', '--commit-interval-ms', '5'],
      ]
      const files = program.newDirectory()
      const first = written(files, 'first.ndjson', rows)
      const life = program.start(...services, '--input', first, '--until-done', '--json')
      await until(async () => (await readiness(directory)).includes('waits for the schema registry'), life)
      await registry().start()
      await until(async () => (await casesIn(url)) > 0, life)
      life.kill()
      await life.ended

      const finished = await program.start(...services, '--input', first, '--until-done', '--json').ended
      expect(finished.code, finished.stderr).toBe(0)
      expect(await registry().subjects()).toEqual(subjects)
      await expectOnce(url, rows)

      const second = written(files, 'second.ndjson', more)
      const again = await program.start(...services, '--input', second, '--until-done', '--json').ended
      expect(again.code, again.stderr).toBe(0)
      const summary = summaryIn(again.stdout)
      expect(summary).toMatchObject({ written: more.length, read: rows.length + more.length })
      expect(accountedFor(summary)).toBe(summary.read)
      await expectOnce(url, [...rows, ...more])
      await registry().stop()

      const embedded = await newDatabase(postgres().url)
      const own = ['--data-dir', program.newDirectory(), '--postgres', embedded]
      const alone = await program.start(...own, '--input', first, second, '--until-done', '--json').ended
      expect(alone.code, alone.stderr).toBe(0)
      const { cases, volume, deadLetters } = await writtenTables(url)
      expect({ ...(await writtenTables(embedded)), versions: undefined }).toEqual({
        ...{ cases, volume, deadLetters },
        versions: undefined,
      })
    })
  })

  test('where registering is forbidden it starts only after a person has registered what it names', async () => {
    await registry().start()
    for (const subject of await registry().subjects()) await remove(`${registry().url}/subjects/${subject}`)
    const input = written(program.newDirectory(), 'some.ndjson', sharedRows(sfFiles[6]).slice(0, 20))
    const options = [
      ...['--data-dir', program.newDirectory(), '--postgres', await newDatabase(postgres().url)],
      ...['--registry', registry().url, '--auto-register-schemas=false', '--input', input, '--until-done', '--json'],
    ]
    const refused = await program.start(...options).ended
    expect(refused.code).toBe(1)
    expect(await registry().subjects()).toEqual([])
    const commands = [...refused.stderr.matchAll(/^(\S+): .* Register it first: (curl .*)$/gm)]
    expect(commands.map(([, subject]) => subject).sort()).toEqual(subjects)
    for (const [, , curl = ''] of commands) await promisify(execFile)('sh', ['-c', curl])
    const end = await program.start(...options).ended
    expect(end.code, end.stderr).toBe(0)
    expect(summaryIn(end.stdout)).toMatchObject({ read: 20 })
  })

  /** Each version that won stands in its table once. */
  async function expectOnce(url: string, rows: readonly Row[]): Promise<void> {
    const expected = oracle(rows)
    const tables = await writtenTables(url)
    expectTables(tables, expected)
    expect(tables.versions.size).toBe(expected.accepted + expected.conflicts)
    expect([...tables.versions].filter(([, times]) => times !== 1)).toEqual([])
  }
})

async function readiness(directory: string): Promise<string> {
  const url = lockHolder(directory)?.url
  return url === undefined ? '' : (await fetch(`${url}/readyz`)).text()
}

async function casesIn(url: string): Promise<number> {
  const reader = openRowReader(url)
  try {
    const [row] = await reader.rows('SELECT count(*)::int4 FROM sf311.cases')
    return Number(row?.count)
  } catch {
    // The tables come a moment after the registry.
    return 0
  } finally {
    await reader.close()
  }
}

async function until(condition: () => Promise<boolean>, life: Life): Promise<void> {
  const deadline = Date.now() + patienceMs
  let over = false
  void life.ended.then(() => {
    over = true
  })
  while (!(await condition())) {
    // It may have ended while the condition was looked at.
    if (over && !(await condition())) throw new Error(`the program is over: ${(await life.ended).stderr}`)
    if (Date.now() > deadline) throw new Error(`it did not come to that within ${patienceMs} ms`)
    await sleep(50)
  }
}

async function remove(url: string): Promise<void> {
  await fetch(url, { method: 'DELETE' })
}

function written(directory: string, name: string, rows: readonly Row[]): string {
  const path = join(directory, name)
  writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''))
  return path
}
