// One native Kafka broker (KRaft) in a process of its own: formatted, started, stopped, killed and started again on the same port and log.
import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { delimiter, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

export interface BrokerSettings {
  readonly nodeId: number
  readonly port: number
  readonly controllerPort: number
  readonly directory: string
  /** Further lines of server.properties. */
  readonly extra?: readonly string[]
  /** Replaces PLAINTEXT for clients, e.g. SASL_SSL; `extra` then configures it. */
  readonly protocol?: string
}

export interface Ensemble {
  readonly jars: readonly string[]
  readonly clusterId: string
  readonly controllers: readonly { readonly nodeId: number; readonly port: number }[]
}

const startMsMax = 60_000
const stopMsMax = 20_000

/** As Kafka's storage tool would make it up. */
/** 16 bytes, the first of them 0: an id that begins with a hyphen would be an option to Kafka's tools. */
export const randomClusterId = () => Buffer.concat([Buffer.alloc(1), randomBytes(15)]).toString('base64url')

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('the kernel gave no port')
  return address.port
}

export class NativeBroker {
  readonly address: string
  private readonly settings: BrokerSettings
  private readonly ensemble: Ensemble
  private child: ChildProcess | undefined

  constructor(settings: BrokerSettings, ensemble: Ensemble) {
    this.settings = settings
    this.ensemble = ensemble
    this.address = `127.0.0.1:${settings.port}`
  }

  get nodeId(): number {
    return this.settings.nodeId
  }

  /** Writes the configuration and formats the log directory; `scramUsers` are known from the first start on. */
  async format(scramUsers: readonly string[] = []): Promise<void> {
    const { directory } = this.settings
    await mkdir(directory, { recursive: true })
    await writeFile(this.path('server.properties'), properties(this.settings, this.ensemble))
    const users = scramUsers.flatMap((user) => ['--add-scram', user])
    const { clusterId } = this.ensemble
    const format = ['format', '-t', clusterId, '-c', this.path('server.properties'), ...users]
    const tool = this.java('kafka.tools.StorageTool', [...format, ...this.quorum()], ['-Xmx96m'], 'format.log')
    const code = await ended(tool, startMsMax)
    if (code !== 0) throw new Error(`Kafka's format failed: ${await this.lastLines('format.log')}`)
  }

  /** Resolves when the broker says that it serves. */
  async start(): Promise<void> {
    await writeFile(this.path('broker.log'), '')
    const heap = ['-Xms128m', '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
    const child = this.java('kafka.Kafka', [this.path('server.properties')], heap, 'broker.log')
    this.child = child
    const deadline = Date.now() + startMsMax
    while (!(await readFile(this.path('broker.log'), 'utf8')).includes('Kafka Server started')) {
      if (child.exitCode !== null) throw new Error(`the broker died: ${await this.lastLines('broker.log')}`)
      if (Date.now() > deadline) {
        await this.kill()
        throw new Error(`the broker did not start within ${startMsMax} ms: ${await this.lastLines('broker.log')}`)
      }
      await sleep(50)
    }
  }

  /** In good order; killed when that takes too long. */
  async stop(): Promise<void> {
    const { child } = this
    if (child === undefined) return
    child.kill('SIGTERM')
    if ((await ended(child, stopMsMax)) === undefined) await this.kill()
    this.child = undefined
  }

  async kill(): Promise<void> {
    this.child?.kill('SIGKILL')
    if (this.child !== undefined) await ended(this.child, stopMsMax)
    this.child = undefined
  }

  private java(main: string, parameters: readonly string[], options: readonly string[], log: string): ChildProcess {
    const classPath = this.ensemble.jars.join(delimiter)
    const logging = [
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info',
      `-Dkafka.logs.dir=${this.settings.directory}`,
    ]
    const output = openSync(this.path(log), 'a')
    const words = [...options, ...logging, '-cp', classPath, main, ...parameters]
    const child = spawn('java', words, { stdio: ['ignore', output, output] })
    closeSync(output)
    return child
  }

  /** One controller votes for itself; several know each other from the start. */
  private quorum(): string[] {
    const { controllers } = this.ensemble
    if (controllers.length === 1) return ['--standalone']
    const voters = controllers.map(({ nodeId, port }) => `${nodeId}@127.0.0.1:${port}:${directoryId(nodeId)}`)
    return ['--initial-controllers', voters.join(',')]
  }

  private path(name: string): string {
    return join(this.settings.directory, name)
  }

  private async lastLines(name: string): Promise<string> {
    return (await readFile(this.path(name), 'utf8')).trim().split('\n').slice(-5).join(' | ')
  }
}

/** A directory id in Kafka's form, the same for the same node. */
function directoryId(nodeId: number): string {
  return Buffer.alloc(16, 16 + nodeId).toString('base64url')
}

/** The exit code, or undefined when it is still running after `ms`. */
async function ended(child: ChildProcess, ms: number): Promise<number | undefined> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode ?? -1
  const timer = new AbortController()
  const end = new Promise<number>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code) => resolve(code ?? -1))
  })
  const late = sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined)
  try {
    return await Promise.race([end, late])
  } finally {
    timer.abort()
  }
}

function properties({ nodeId, port, controllerPort, directory, extra, protocol }: BrokerSettings, ensemble: Ensemble) {
  const copies = Math.min(3, ensemble.controllers.length)
  const inSync = Math.min(2, copies)
  const client = protocol ?? 'PLAINTEXT'
  return [
    'process.roles=broker,controller',
    `node.id=${nodeId}`,
    'controller.listener.names=CONTROLLER',
    `controller.quorum.bootstrap.servers=${ensemble.controllers.map((one) => `127.0.0.1:${one.port}`).join(',')}`,
    `listeners=CLIENT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    `advertised.listeners=CLIENT://127.0.0.1:${port}`,
    `listener.security.protocol.map=CLIENT:${client},CONTROLLER:PLAINTEXT`,
    'inter.broker.listener.name=CLIENT',
    `log.dirs=${join(directory, 'data')}`,
    'auto.create.topics.enable=false',
    `default.replication.factor=${copies}`,
    `min.insync.replicas=${inSync}`,
    'offsets.topic.num.partitions=4',
    `offsets.topic.replication.factor=${copies}`,
    'transaction.state.log.num.partitions=4',
    `transaction.state.log.replication.factor=${copies}`,
    `transaction.state.log.min.isr=${inSync}`,
    'group.initial.rebalance.delay.ms=0',
    // Killed brokers and transactions left open must be missed soon.
    'transaction.abort.timed.out.transaction.cleanup.interval.ms=500',
    'broker.session.timeout.ms=4000',
    'broker.heartbeat.interval.ms=500',
    'num.network.threads=2',
    'num.io.threads=3',
    'log.cleaner.dedupe.buffer.size=16777216',
    // Tests write event times of years ago: nothing may be deleted by age.
    'log.retention.ms=-1',
    ...(extra ?? []),
    '',
  ].join('\n')
}
