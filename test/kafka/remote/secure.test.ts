import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openRemoteCluster, type RemoteOptions } from '../../../kafka/remote/remote-cluster.ts'
import { type SecureListener, secureListener } from '../../services/kafka/secure-listener.ts'
import { type KafkaService, startKafka } from '../../services/kafka/start-kafka.ts'
import { NumberedLog } from './numbered-log.ts'
import { remoteOptions } from './remote-options.ts'

const user = { username: 'millrace', password: 'user-secret' }
const sasl = { mechanism: 'scram-sha-256', ...user } as const

describe('a broker that wants TLS and SCRAM', () => {
  let directory = ''
  let service: { listener: SecureListener; kafka: KafkaService } | undefined
  let reason = ''
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'millrace-test-secure-'))
    try {
      const listener = await secureListener(directory, user)
      service = { listener, kafka: await startKafka({ nativeOnly: true, ...listener }) }
    } catch (error) {
      if (process.env.CI === 'true') throw error
      reason = `no secure Kafka: ${error instanceof Error ? error.message : String(error)}`
    }
  }, 300_000)
  beforeEach((context) => {
    context.skip(service === undefined, reason)
  })
  afterAll(async () => {
    await service?.kafka.stop()
    await rm(directory, { recursive: true, force: true })
  })

  const options = (change: Partial<RemoteOptions> = {}): RemoteOptions => ({
    ...remoteOptions({ brokers: service?.kafka.brokers ?? [] }),
    ssl: { ca: service?.listener.authority ?? '' },
    sasl,
    ...change,
  })

  test('is served, and authenticates again while requests are in flight', async () => {
    const cluster = await openRemoteCluster(options())
    const log = new NumberedLog(cluster, 'secure')
    await log.create()
    const started = Date.now()
    let written = 0
    while (Date.now() - started < 4_000) await log.write(++written)
    expect(await log.read(written)).toEqual(Array.from({ length: written }, (_, number) => number))
    expect(log.incarnations).toBe(written)
    await cluster.close()
  })

  test('tells a wrong password from a broker that is away', async () => {
    const wrong = openRemoteCluster(options({ sasl: { ...sasl, password: 'guess' }, patienceMs: 100 }))
    await expect(wrong).rejects.toMatchObject({ name: 'StreamsError', code: 'authentication_failed' })
  })

  test('is not trusted without its authority', async () => {
    const untrusting = openRemoteCluster(options({ ssl: true, patienceMs: 100 }))
    await expect(untrusting).rejects.toMatchObject({ name: 'Retriable', code: 'cluster_unreachable' })
  })
})
