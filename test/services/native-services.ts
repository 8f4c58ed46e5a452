// Everything that docker-compose.yml starts and a machine without Docker can run itself, with data that stay: what `npm run services` starts.
import { existsSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { isDataDirectory, openDataDirectory } from '../../cli/data-directory.ts'
import { silentLogger } from '../../core/logger.ts'
import { startEmbeddedPostgres } from '../../sinks/postgres/embedded-server.ts'
import { kafkaJars } from './kafka/class-path.ts'
import { NativeBroker, randomClusterId } from './kafka/native-broker.ts'
import { freePort, startProcess } from './native-process.ts'
import { startRedisServer } from './native-redis.ts'
import { registryPrograms, startRegistry } from './native-registry.ts'

export interface LocalService {
  readonly name: string
  /** The option of the program that takes its address; undefined: the program does not ask it. */
  readonly flag: string | undefined
  /** @throws with the reason when it cannot be had here. */
  start(): Promise<RunningService>
}

export interface RunningService {
  readonly address: string
  stop(): Promise<void>
}

/** The ports of docker-compose.yml. Kafka's are written into its log, the others may be others. */
export const ports = {
  kafka: 29_092,
  kafkaController: 29_093,
  registry: 8081,
  redis: 6379,
  postgres: 5432,
  prometheus: 9090,
  application: 3110,
} as const

/** A folder of the program's data directory, which the program accepts as its own. */
export async function servicesDirectory(dataDirectory: string): Promise<string> {
  if (!isDataDirectory(dataDirectory)) openDataDirectory(dataDirectory, { fresh: false }).close()
  return folder(resolve(dataDirectory), 'services')
}

/** What only a download brings. */
export async function fetchPrograms(): Promise<void> {
  await kafkaJars()
  await registryPrograms()
}

/** `directory` keeps their data; `configuration` is the folder of prometheus.yml. In the order in which they are to start. */
export function localServices(directory: string, configuration: string): readonly LocalService[] {
  return [
    { name: 'Kafka', flag: '--kafka', start: () => startKafka(directory) },
    { name: 'Schema registry', flag: '--registry', start: () => startSchemaRegistry(directory) },
    { name: 'Redis', flag: '--redis', start: () => startRedis(directory) },
    { name: 'Postgres', flag: '--postgres', start: () => startPostgres(directory) },
    { name: 'Prometheus', flag: undefined, start: () => startPrometheus(directory, configuration) },
  ]
}

async function startKafka(directory: string): Promise<RunningService> {
  const controllers = [{ nodeId: 1, port: ports.kafkaController }]
  const ensemble = { jars: await kafkaJars(), clusterId: randomClusterId(), controllers }
  const place = { port: ports.kafka, controllerPort: ports.kafkaController, directory: join(directory, 'kafka') }
  for (const port of [place.port, place.controllerPort])
    if (!(await isFree(port))) throw new Error(`port ${port} is taken`)
  const broker = new NativeBroker({ nodeId: 1, ...place }, ensemble)
  if (!existsSync(join(place.directory, 'data', 'meta.properties'))) await broker.format()
  try {
    await broker.start()
  } catch (error) {
    await broker.kill()
    throw error
  }
  return { address: broker.address, stop: () => broker.stop() }
}

async function startSchemaRegistry(directory: string): Promise<RunningService> {
  const own = await folder(directory, 'schema-registry')
  const { url, stop } = await startRegistry({
    port: await freeOr(ports.registry),
    directory: own,
    database: join(own, 'schemas'),
  })
  return { address: url, stop }
}

async function startRedis(directory: string): Promise<RunningService> {
  const port = await freeOr(ports.redis)
  const settings = ['--save', '', '--appendonly', 'yes', '--appendfsync', 'everysec']
  const { stop } = await startRedisServer({ port, directory: await folder(directory, 'redis'), settings })
  return { address: `redis://127.0.0.1:${port}`, stop }
}

async function startPostgres(directory: string): Promise<RunningService> {
  const { url, stop } = await startEmbeddedPostgres({
    directory: join(directory, 'postgres'),
    port: await freeOr(ports.postgres),
    logger: silentLogger,
  })
  return { address: url, stop }
}

async function startPrometheus(directory: string, configuration: string): Promise<RunningService> {
  const own = await folder(directory, 'prometheus')
  const file = join(own, 'prometheus.yml')
  await writeFile(
    file,
    localConfiguration(await readFile(join(configuration, 'prometheus.yml'), 'utf8'), configuration),
  )
  const address = `127.0.0.1:${await freeOr(ports.prometheus)}`
  const { stop } = await startProcess(
    'prometheus',
    [`--config.file=${file}`, `--storage.tsdb.path=${join(own, 'data')}`, `--web.listen-address=${address}`],
    { cwd: own, isReady: async () => (await fetch(`http://${address}/-/ready`)).ok },
  )
  return { address: `http://${address}`, stop }
}

/** The same rules and jobs; the application is on this machine. */
function localConfiguration(text: string, configuration: string): string {
  return text
    .replace('millrace:3110', `127.0.0.1:${ports.application}`)
    .replace('rules.yml', JSON.stringify(join(configuration, 'rules.yml')))
}

async function folder(...path: readonly [string, string]): Promise<string> {
  const made = join(...path)
  await mkdir(made, { recursive: true })
  return made
}

async function freeOr(port: number): Promise<number> {
  return (await isFree(port)) ? port : freePort()
}

function isFree(port: number): Promise<boolean> {
  return new Promise((answer) => {
    const probe = createServer()
    probe.once('error', () => answer(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => answer(true)))
  })
}
