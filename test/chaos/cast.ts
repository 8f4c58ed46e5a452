// Everything a chaos run consists of: the services, each behind a line that can be cut, and the worker processes. A worker that ends unasked is
// started again, as a supervisor would, and remembered.
import { type ChildProcess, fork } from 'node:child_process'
import { createWriteStream, type WriteStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { silentLogger } from '../../core/logger.ts'
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../sinks/postgres/embedded-server.ts'
import type { NativeBroker } from '../services/kafka/native-broker.ts'
import { type KafkaService, startKafka } from '../services/kafka/start-kafka.ts'
import { freePort } from '../services/native-process.ts'
import { type NativeRedis, startNativeRedis } from '../services/redis.ts'
import { Line } from './line.ts'
import type { FromWorker, Report, Trap, WorkerSettings } from './messages.ts'
import { until } from './until.ts'

export const SESSION_TIMEOUT_MS = 6_000
const STOP_MS_MAX = 30_000
const REDIS_SETTINGS = ['--appendonly', 'yes', '--appendfsync', 'everysec', '--auto-aof-rewrite-percentage', '0']

export class Worker {
  readonly name: string
  /** The newest; undefined until the process has told anything. */
  report: Report | undefined
  hasEnded = false
  readonly child: ChildProcess
  /** Why it ended by itself. */
  error: string | undefined
  private onTrapped: () => void = () => {}

  constructor(name: string, child: ChildProcess) {
    this.name = name
    this.child = child
    child.on('message', (message) => this.hear(message as FromWorker)) // only workers speak to us
    child.once('exit', () => {
      this.hasEnded = true
    })
  }

  signal(signal: NodeJS.Signals): void {
    if (!this.hasEnded) this.child.kill(signal)
  }

  /** Resolves when the step was reached. */
  trap(trap: Trap): Promise<void> {
    return new Promise((resolve) => {
      this.onTrapped = resolve
      this.child.once('exit', () => resolve())
      if (this.hasEnded) resolve()
      else this.child.send(trap, () => {})
    })
  }

  async ended(): Promise<void> {
    await until(() => this.hasEnded, STOP_MS_MAX, `${this.name} to end`)
  }

  private hear(message: FromWorker): void {
    if (message.kind === 'report') this.report = message
    else if (message.kind === 'trapped') this.onTrapped()
    else this.error = message.error
  }
}

export class Cast {
  readonly kafka: KafkaService
  readonly kafkaLine: Line
  readonly redisLine: Line
  readonly postgresLine: Line
  redis: NativeRedis
  postgres: EmbeddedPostgres
  readonly workers = new Map<string, Worker>()
  /** Of processes that nobody killed. */
  readonly unasked: string[] = []
  private readonly directory: string
  private readonly program: string
  private readonly log: WriteStream
  private isClosing = false

  private constructor(parts: Parts) {
    this.kafka = parts.kafka
    this.kafkaLine = parts.kafkaLine
    this.redis = parts.redis
    this.redisLine = parts.redisLine
    this.postgres = parts.postgres
    this.postgresLine = parts.postgresLine
    this.directory = parts.directory
    this.program = parts.program
    this.log = createWriteStream(join(parts.directory, 'workers.log'))
  }

  /** `program` is worker.ts, compiled. */
  static async start(program: string): Promise<Cast> {
    const directory = await mkdtemp(join(tmpdir(), 'millrace-chaos-'))
    // Brokers tell their clients where they are: on the other side of the line.
    const linePort = await freePort()
    const extra = [`advertised.listeners=CLIENT://127.0.0.1:${linePort}`]
    const closers: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })]
    try {
      const redis = await startNativeRedis(REDIS_SETTINGS)
      closers.push(() => redis.stop())
      const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), logger: silentLogger })
      closers.push(() => postgres.stop())
      const kafka = await startKafka({ nativeOnly: true, extra })
      closers.push(() => kafka.stop())
      const kafkaLine = await Line.open(portOf(kafka.brokers[0] ?? ''), linePort)
      const redisLine = await Line.open(portOf(redis.url))
      const postgresLine = await Line.open(portOf(postgres.url))
      return new Cast({ directory, program, kafka, kafkaLine, redis, redisLine, postgres, postgresLine })
    } catch (error) {
      for (const close of closers.reverse()) await close()
      throw error
    }
  }

  get broker(): NativeBroker {
    const [broker] = this.kafka.native
    if (broker === undefined) throw new Error('the broker is not ours')
    return broker
  }

  get brokers(): string {
    return `127.0.0.1:${this.kafkaLine.port}`
  }

  get logFile(): string {
    return join(this.directory, 'workers.log')
  }

  get live(): Worker[] {
    return [...this.workers.values()].filter(({ hasEnded }) => !hasEnded)
  }

  startWorker(name: string): Worker {
    const child = fork(this.program, [JSON.stringify(this.settingsOf(name))], {
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    child.stdout?.pipe(this.log, { end: false })
    child.stderr?.pipe(this.log, { end: false })
    const worker = new Worker(name, child)
    this.workers.set(name, worker)
    child.once('exit', (code, signal) => this.afterExit(worker, code, signal))
    return worker
  }

  /** In good order. */
  async stopWorker(worker: Worker): Promise<void> {
    this.workers.delete(worker.name)
    worker.signal('SIGTERM')
    await worker.ended().catch((error: unknown) => {
      this.unasked.push(String(error))
      worker.signal('SIGKILL')
    })
  }

  async close(): Promise<void> {
    this.isClosing = true
    for (const worker of this.live) worker.signal('SIGCONT')
    for (const worker of this.live) worker.signal('SIGKILL')
    for (const line of [this.kafkaLine, this.redisLine, this.postgresLine]) await line.close()
    await Promise.allSettled([this.kafka.stop(), this.redis.stop(), this.postgres.stop()])
    this.log.end()
    if (process.env.CHAOS_KEEP === undefined) await rm(this.directory, { recursive: true, force: true })
  }

  /** As somebody pulls the plug: no checkpoint, open transactions lost. */
  async crashPostgres(): Promise<void> {
    const { pid } = this.postgres
    process.kill(pid, 'SIGQUIT')
    await until(() => !isAlive(pid), STOP_MS_MAX, 'Postgres to end')
  }

  async startPostgres(): Promise<void> {
    const port = portOf(this.postgres.url)
    this.postgres = await startEmbeddedPostgres({
      directory: join(this.directory, 'postgres'),
      port,
      logger: silentLogger,
    })
  }

  private settingsOf(instanceId: string): WorkerSettings {
    const postgres = new URL(this.postgres.url)
    postgres.port = `${this.postgresLine.port}`
    return {
      brokers: this.brokers,
      redis: `redis://127.0.0.1:${this.redisLine.port}`,
      postgres: postgres.href,
      instanceId,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
    }
  }

  /** A killed one is started again by whoever killed it. */
  private afterExit(worker: Worker, code: number | null, signal: NodeJS.Signals | null): void {
    if (signal !== null || this.isClosing || this.workers.get(worker.name) !== worker) return
    this.unasked.push(`${worker.name} ended with ${code}: ${worker.error ?? 'no word'}`)
    setTimeout(() => {
      if (!this.isClosing && this.workers.get(worker.name) === worker) this.startWorker(worker.name)
    }, 500)
  }
}

interface Parts {
  readonly directory: string
  readonly program: string
  readonly kafka: KafkaService
  readonly kafkaLine: Line
  readonly redis: NativeRedis
  readonly redisLine: Line
  readonly postgres: EmbeddedPostgres
  readonly postgresLine: Line
}

export const portOf = (address: string): number => Number(/:(\d+)(?:\/|$)/.exec(address)?.[1])

export { REDIS_SETTINGS }

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
