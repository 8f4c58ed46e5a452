// The process that kill.test.ts kills: commits one transaction after the other over three partitions and says so after each.
import { writeSync } from 'node:fs'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import { defaultTopicConfig } from '../../../kafka/cluster.ts'
import { openEmbeddedCluster } from '../../../kafka/embedded/embedded-cluster.ts'
import { RecordBatchWriter } from '../../../kafka/record-batch/record-batch-writer.ts'

const [directory = '', first = '0'] = process.argv.slice(2)
const transactionsMax = 100_000

const cluster = await openEmbeddedCluster({ directory, clock: systemClock, random: seededRandom(1) })
const config = { ...defaultTopicConfig, segmentBytes: 20_000 }
await cluster.admin.createTopics([{ name: 'trial', partitions: 3, config }])
const producer = await cluster.initProducer({ transactionalId: 'child', transactionTimeoutMs: 60_000 })
const records = new RecordBatchWriter()
for (let i = Number(first); i < Number(first) + transactionsMax; i++) {
  const value = Buffer.from(`t${i}`)
  records.reset()
  records.append(Date.now(), undefined, 0, 0, value, 0, value.length)
  for (const partition of [0, 1, 2]) await producer.send([{ topic: 'trial', partition, records }])
  const position = { topic: 'trial', partition: 0, offset: i }
  await producer.sendOffsets({ group: 'g', generation: -1, memberId: '' }, [position])
  await producer.commit()
  writeSync(1, `${i}\n`)
}
