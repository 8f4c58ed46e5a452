import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import pgDriver from 'pg'
import { afterEach, expect, test } from 'vitest'
import { silentLogger } from '../../../core/logger.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../../sinks/postgres/embedded-server.ts'

const started: EmbeddedPostgres[] = []
const folders: string[] = []
afterEach(async () => {
  for (const server of started.splice(0)) await server.stop()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function freshFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'millrace-embedded-'))
  folders.push(folder)
  return folder
}

async function start(directory: string): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ directory, logger: silentLogger })
  started.push(server)
  folders.push(server.directory)
  return server
}

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pgDriver.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

test('keeps data and password over a stop, asks for the password, and listens on 127.0.0.1 only', async () => {
  const folder = await freshFolder()
  const first = await start(folder)
  await query(first.url, 'CREATE TABLE kept AS SELECT 311 AS n')
  await first.stop()
  const second = await start(folder)
  expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 311 }])
  expect(new URL(second.url).password).toBe(new URL(first.url).password)
  const guess = new URL(second.url)
  guess.password = 'postgres'
  await expect(query(guess.href, 'SELECT 1')).rejects.toThrow(/password/)
  expect(await query(second.url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }])
})

test('is used by one program at a time, and recovers when it was killed', async () => {
  const folder = await freshFolder()
  const first = await start(folder)
  await query(first.url, 'CREATE TABLE kept AS SELECT 311 AS n')
  process.kill(first.pid, 'SIGKILL')
  const second = await start(folder)
  expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 311 }])
})

test('runs in a session of its own, out of reach of Ctrl-C in our terminal', async (context) => {
  context.skip(process.platform !== 'linux', 'reads /proc')
  const { pid } = await start(await freshFolder())
  const sessionOf = async (process: number | string) =>
    (await readFile(`/proc/${process}/stat`, 'utf8')).replace(/.*\) /, '').split(' ')[3]
  expect(await sessionOf(pid)).not.toBe(await sessionOf('self'))
})

test('stops the server that a dead program left behind', async () => {
  const folder = await freshFolder()
  const leftover = await start(folder)
  const { stdout } = await promisify(execFile)(process.execPath, ['-p', 'process.pid'])
  await writeFile(join(leftover.directory, 'owner'), stdout)
  const next = await start(folder)
  expect(next.pid).not.toBe(leftover.pid)
  expect(await query(next.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }])
})

test('refuses a folder that a living program uses, and names it', async () => {
  const folder = await freshFolder()
  const { directory } = await start(folder)
  await writeFile(join(directory, 'owner'), String(process.ppid))
  await expect(start(folder)).rejects.toMatchObject({ code: 'embedded_postgres_in_use' })
})

test('as root, puts the data where its account can go, at the same place each time', async (context) => {
  context.skip(process.getuid?.() !== 0, 'only root changes the account')
  const closed = await freshFolder()
  await chmod(closed, 0o700)
  const wanted = join(closed, 'project', 'postgres')
  await mkdir(join(closed, 'project'))
  const first = await start(wanted)
  await query(first.url, 'CREATE TABLE kept AS SELECT 311 AS n')
  await first.stop()
  const second = await start(wanted)
  expect(second.directory).toBe(first.directory)
  expect(second.directory.startsWith(closed)).toBe(false)
  expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 311 }])
})
