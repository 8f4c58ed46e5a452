import { createServer, type Server, Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { TaskFenced } from '../../../core/errors.ts'
import { silentLogger } from '../../../core/logger.ts'
import { startEmbeddedPostgres } from '../../../sinks/postgres/embedded-server.ts'
import type { SinkRetry } from '../../../sinks/postgres/postgres-writer.ts'
import { pg, pgTable } from '../../../sinks/postgres/table.ts'
import { usePostgres } from '../../services/postgres.ts'
import { commitRows, numbers, openSink, source } from './open-sink.ts'

const postgres = usePostgres()
const visits = pgTable('visits', { id: pg.int4, note: pg.nullable(pg.text()) }, { append: true })
const closers: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

type Cut = 'nothing' | 'before COMMIT' | 'the answer to COMMIT' | 'during COPY' | 'silence before COPY'

/** Stands between sink and server, and cuts the connection once at the wanted place. */
class CuttingProxy {
  private readonly server: Server
  private readonly target: URL
  private cut: Cut = 'nothing'
  url = ''

  constructor(url: string) {
    this.target = new URL(url)
    this.server = createServer((client) => this.join(client))
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve))
    const address = this.server.address()
    const proxied = new URL(this.target)
    proxied.port = String(typeof address === 'object' ? address?.port : '')
    this.url = proxied.href
  }

  cutOnce(at: Cut): void {
    this.cut = at
  }

  close(): void {
    this.server.close()
  }

  private join(client: Socket): void {
    const upstream = new Socket().connect(Number(this.target.port), this.target.hostname)
    const end = () => {
      client.destroy()
      upstream.destroy()
    }
    let swallowing = false
    let silent = false
    client.on('error', end).on('close', end)
    upstream
      .on('error', () => {})
      .on('close', () => {
        if (!silent) end()
      })
    client.on('data', (bytes) => {
      silent ||= this.cut === 'silence before COPY' && bytes.includes('SAVEPOINT')
      if (silent) return
      const commits = bytes.includes('COMMIT\0')
      const copies = bytes.includes('PGCOPY')
      if ((this.cut === 'before COMMIT' && commits) || (this.cut === 'during COPY' && copies)) {
        this.cut = 'nothing'
        end()
        return
      }
      swallowing ||= this.cut === 'the answer to COMMIT' && commits
      upstream.write(bytes)
    })
    upstream.on('data', (bytes) => {
      if (!swallowing) {
        client.write(bytes)
        return
      }
      this.cut = 'nothing'
      end()
    })
  }
}

test.each<Cut>(['before COMMIT', 'the answer to COMMIT', 'during COPY'])(
  'writes a batch once when the connection is lost: %s',
  async (cut) => {
    const proxy = new CuttingProxy(postgres().url)
    await proxy.listen()
    closers.push(() => proxy.close())
    const retries: SinkRetry[] = []
    const direct = openSink(postgres().url)
    const opened = openSink(proxy.url, { schema: direct.schema, onRetry: (retry) => retries.push(retry) })
    closers.push(() => direct.close())
    await opened.sink.prepare([visits])
    const writer = await opened.sink.open(source)
    closers.push(() => writer.close())
    for (const from of [0, 10, 20]) {
      if (from === 10) proxy.cutOnce(cut)
      const rows = numbers(from, from + 10).map((id) => ({ id, note: id === 13 ? '\u0000' : undefined }))
      const outcome = await commitRows(writer, visits, rows, { from, to: from + 10 })
      expect(outcome).toEqual(from === 10 ? { written: 9, deadLetters: 1 } : { written: 10, deadLetters: 0 })
    }
    expect(retries.map(({ attempt }) => attempt)).toEqual([1])
    const rows = await direct.query(`SELECT id FROM ${direct.schema}.visits ORDER BY id`)
    expect(rows.map(({ id }) => id)).toEqual(numbers(0, 30).filter((id) => id !== 13))
    const letters = await direct.query(`SELECT "offset"::int FROM ${direct.schema}.sink_dead_letters`)
    expect(letters).toEqual([{ offset: 13 }])
  },
)

test('is fenced, not fooled, when another writer moved on during the outage', async () => {
  const proxy = new CuttingProxy(postgres().url)
  await proxy.listen()
  closers.push(() => proxy.close())
  const direct = openSink(postgres().url)
  closers.push(() => direct.close())
  await direct.sink.prepare([visits])
  const owner = await direct.sink.open(source)
  closers.push(() => owner.close())
  const takeOver = () => void taken.push(commitRows(owner, visits, [{ id: 2 }], { from: 0, to: 5 }))
  const taken: Promise<unknown>[] = []
  const zombie = await openSink(proxy.url, { schema: direct.schema, onRetry: takeOver }).sink.open(source)
  closers.push(() => zombie.close())
  proxy.cutOnce('before COMMIT')
  await expect(commitRows(zombie, visits, [{ id: 1 }], { from: 0, to: 1 })).rejects.toThrow(TaskFenced)
  await Promise.all(taken)
  expect(await direct.query(`SELECT id FROM ${direct.schema}.visits`)).toEqual([{ id: 2 }])
})

test('gives up when asked to, and the batch is as good as never sent', async () => {
  const proxy = new CuttingProxy(postgres().url)
  await proxy.listen()
  const direct = openSink(postgres().url)
  closers.push(() => direct.close())
  await direct.sink.prepare([visits])
  const stop = new AbortController()
  const giveUp = ({ attempt }: SinkRetry) => {
    if (attempt === 3) stop.abort()
  }
  const writer = await openSink(proxy.url, { schema: direct.schema, onRetry: giveUp }).sink.open(source)
  closers.push(() => writer.close())
  proxy.cutOnce('before COMMIT')
  proxy.close()
  await expect(commitRows(writer, visits, [{ id: 1 }], { from: 0, to: 1 }, stop.signal)).rejects.toMatchObject({
    code: 'sink_stopped',
  })
  expect(await direct.query(`SELECT id FROM ${direct.schema}.visits`)).toEqual([])
})

test('does not let a stopped writer hold the partition', async () => {
  const proxy = new CuttingProxy(postgres().url)
  await proxy.listen()
  closers.push(() => proxy.close())
  const direct = openSink(postgres().url)
  closers.push(() => direct.close())
  await direct.sink.prepare([visits])
  const stopped = openSink(proxy.url, { schema: direct.schema, idleInTransactionTimeoutMs: 200 })
  const zombie = await stopped.sink.open(source)
  closers.push(() => zombie.close())
  proxy.cutOnce('silence before COPY')
  const stop = new AbortController()
  const gaveUp = expect(commitRows(zombie, visits, [{ id: 1 }], { from: 0, to: 1 }, stop.signal)).rejects.toMatchObject(
    {
      code: 'sink_stopped',
    },
  )
  const owner = await direct.sink.open(source)
  closers.push(() => owner.close())
  await commitRows(owner, visits, [{ id: 2 }], { from: 0, to: 1 })
  stop.abort()
  await gaveUp
  expect(await direct.query(`SELECT id FROM ${direct.schema}.visits`)).toEqual([{ id: 2 }])
})

test('cuts off a connection that has fallen silent, and writes the batch over another', async () => {
  const proxy = new CuttingProxy(postgres().url)
  await proxy.listen()
  closers.push(() => proxy.close())
  const direct = openSink(postgres().url)
  closers.push(() => direct.close())
  await direct.sink.prepare([visits])
  const impatient = openSink(proxy.url, {
    schema: direct.schema,
    idleInTransactionTimeoutMs: 200,
    attemptTimeoutMs: 300,
    onRetry: () => proxy.cutOnce('nothing'),
  })
  const writer = await impatient.sink.open(source)
  closers.push(() => writer.close())
  proxy.cutOnce('silence before COPY')
  expect(await commitRows(writer, visits, [{ id: 1 }], { from: 0, to: 1 })).toEqual({ written: 1, deadLetters: 0 })
  expect(await direct.query(`SELECT id FROM ${direct.schema}.visits`)).toEqual([{ id: 1 }])
})

test('survives kill -9 of the server in the middle of batches', async (context) => {
  const { embedded } = postgres()
  if (embedded === undefined) return context.skip('the server at DATABASE_URL is not ours to kill')
  const port = Number(new URL(embedded.url).port)
  const opened = openSink(embedded.url)
  closers.push(() => opened.close())
  await opened.sink.prepare([visits])
  const writer = await opened.sink.open(source)
  closers.push(() => writer.close())
  let restarted: Promise<unknown> = Promise.resolve()
  const size = 20_000
  for (let from = 0; from < 5 * size; from += size) {
    const committed = commitRows(
      writer,
      visits,
      numbers(from, from + size).map((id) => ({ id, note: 'x'.repeat(100) })),
      { from, to: from + size },
    )
    if (from === 2 * size) {
      await new Promise((resolve) => setImmediate(resolve))
      process.kill(embedded.pid, 'SIGKILL')
      restarted = startEmbeddedPostgres({ directory: embedded.directory, port, logger: silentLogger })
    }
    await committed
  }
  await restarted
  expect(writer.position).toBe(5 * size)
  const rows = await opened.query(
    `SELECT count(*)::int AS n, count(DISTINCT id)::int AS ids FROM ${opened.schema}.visits`,
  )
  expect(rows).toEqual([{ n: 5 * size, ids: 5 * size }])
})

test('waits for a standby that it has met to be promoted', async () => {
  const proxy = new CuttingProxy(postgres().url)
  await proxy.listen()
  closers.push(() => proxy.close())
  const direct = openSink(postgres().url)
  closers.push(() => direct.close())
  const database = new URL(postgres().url).pathname.slice(1)
  const accept = (writes: 'only reads' | 'writes') =>
    direct.query(
      `BEGIN READ WRITE; ALTER DATABASE "${database}" SET default_transaction_read_only = ${writes === 'only reads'}; COMMIT`,
    )
  const errors: unknown[] = []
  const promoteLater = ({ error }: SinkRetry) => {
    errors.push(error)
    if (errors.length === 2) void accept('writes')
  }
  const opened = openSink(proxy.url, { schema: direct.schema, onRetry: promoteLater })
  await opened.sink.prepare([visits])
  const writer = await opened.sink.open(source)
  closers.push(() => writer.close())
  await accept('only reads')
  proxy.cutOnce('before COMMIT')
  await expect(commitRows(writer, visits, [{ id: 1 }], { from: 0, to: 1 })).resolves.toMatchObject({ written: 1 })
  expect(errors[1]).toMatchObject({ code: '25006' })
  expect(await direct.query(`SELECT id FROM ${direct.schema}.visits`)).toEqual([{ id: 1 }])
})
