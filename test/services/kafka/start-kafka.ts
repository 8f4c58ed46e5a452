// Starts Kafka, or finds it: the brokers at KAFKA_BROKERS, else a container, else native ones in a folder of their own.
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaJars } from './class-path.ts'
import { freePort, NativeBroker, randomClusterId } from './native-broker.ts'

export interface KafkaOptions {
  /** How many; default 1. */
  readonly brokers?: 1 | 3
  /** Only native brokers can be stopped, killed and configured by a test. */
  readonly nativeOnly?: boolean
  readonly protocol?: string
  readonly extra?: readonly string[]
  readonly scramUsers?: readonly string[]
}

export interface KafkaService {
  readonly brokers: readonly string[]
  /** Empty when the brokers are somebody else's: they must not be stopped or killed. */
  readonly native: readonly NativeBroker[]
  stop(): Promise<void>
}

const image = 'apache/kafka:4.3.1'

/** @throws when there is none to be had. */
export async function startKafka(options: KafkaOptions = {}): Promise<KafkaService> {
  const { brokers = 1, nativeOnly = false } = options
  const given = process.env.KAFKA_BROKERS
  if (given !== undefined && !nativeOnly) return { brokers: given.split(','), native: [], stop: async () => {} }
  if (brokers === 1 && !nativeOnly && hasDocker()) return startContainer()
  return startNative(brokers, options)
}

async function startNative(count: number, { extra, protocol, scramUsers }: KafkaOptions): Promise<KafkaService> {
  const jars = await kafkaJars()
  const directory = await mkdtemp(join(tmpdir(), 'millrace-test-kafka-'))
  const nodes = await Promise.all(
    Array.from({ length: count }, async (_, i) => ({
      nodeId: i + 1,
      port: await freePort(),
      controllerPort: await freePort(),
    })),
  )
  const controllers = nodes.map(({ nodeId, controllerPort }) => ({ nodeId, port: controllerPort }))
  const ensemble = { jars, clusterId: randomClusterId(), controllers }
  const native = nodes.map((node) => {
    const listener = { ...(extra === undefined ? {} : { extra }), ...(protocol === undefined ? {} : { protocol }) }
    return new NativeBroker({ ...node, ...listener, directory: join(directory, `broker-${node.nodeId}`) }, ensemble)
  })
  const stop = async () => {
    await Promise.all(native.map((broker) => broker.stop()))
    await rm(directory, { recursive: true, force: true })
  }
  try {
    for (const broker of native) await broker.format(scramUsers)
    await Promise.all(native.map((broker) => broker.start()))
    return { brokers: native.map(({ address }) => address), native, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Looked for without loading testcontainers, which takes a second. */
function hasDocker(): boolean {
  const { DOCKER_HOST, TESTCONTAINERS_HOST_OVERRIDE, XDG_RUNTIME_DIR = '' } = process.env
  if (DOCKER_HOST !== undefined || TESTCONTAINERS_HOST_OVERRIDE !== undefined) return true
  return existsSync('/var/run/docker.sock') || existsSync(join(XDG_RUNTIME_DIR, 'docker.sock'))
}

/** The broker must know the port under which it is reached from outside, so that port is chosen first. */
async function startContainer(): Promise<KafkaService> {
  const { GenericContainer } = await import('testcontainers')
  const port = await freePort()
  const container = await new GenericContainer(image)
    .withExposedPorts({ container: 9092, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_LISTENERS: 'PLAINTEXT://:9092,CONTROLLER://:9093',
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_LOG_RETENTION_MS: '-1',
      KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS: '500',
    })
    .start()
  return { brokers: [`127.0.0.1:${port}`], native: [], stop: async () => void (await container.stop()) }
}
