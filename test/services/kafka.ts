// Kafka for the tests of one file; where it comes from is start-kafka.ts.
import { afterAll, beforeAll, beforeEach } from 'vitest'
import { type KafkaOptions, type KafkaService, startKafka } from './kafka/start-kafka.ts'

/** Started before the tests of the file or `describe` that calls this, stopped after them; without one they are skipped by name, or fail where CI=true. */
export function useKafka(options: KafkaOptions = {}): () => KafkaService {
  let service: KafkaService | undefined
  let reason = ''
  beforeAll(async () => {
    try {
      service = await startKafka(options)
    } catch (error) {
      if (process.env.CI === 'true') throw error
      reason = `no Kafka: ${error instanceof Error ? error.message : String(error)}`
    }
  }, 300_000)
  beforeEach((context) => {
    context.skip(service === undefined, reason)
  })
  afterAll(() => service?.stop())
  return () => {
    if (service === undefined) throw new Error(reason)
    return service
  }
}
