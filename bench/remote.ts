// What does a real broker's adapter cost? 100 MB written in transactions, read back, and copied exactly once; records/s and Node's CPU time.
import { assert } from '../core/assert.ts'
import { systemClock } from '../core/clock.ts'
import { silentLogger } from '../core/logger.ts'
import { type Cluster, defaultTopicConfig, type Position, type TransactionalProducer } from '../kafka/cluster.ts'
import { visitCommitted } from '../kafka/committed-batches.ts'
import type { BatchCompression } from '../kafka/record-batch/compress.ts'
import { RecordBatchWriter } from '../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns } from '../kafka/record-batch/record-columns.ts'
import { openRemoteCluster } from '../kafka/remote/remote-cluster.ts'
import { startKafka } from '../test/services/kafka/start-kafka.ts'

const partitions = 4
const recordBytes = 712
const records = 140_000
const recordsPerBatch = 500
const roundsPerCommit = 5
const commitIntervalMs = 100

const group = { group: 'bench', generation: -1, memberId: '' }
const fetchOptions = {
  isolation: 'read_committed',
  maxBytes: 4 * 1024 * 1024,
  // A copy of what was read must fit into one batch.
  maxBytesPerPartition: 900 * 1024,
  maxWaitMs: 500,
} as const

export async function run(): Promise<void> {
  const kafka = await startKafka()
  try {
    for (const compression of ['none', 'lz4'] as const) await trial(kafka.brokers, compression)
  } finally {
    await kafka.stop()
  }
}

async function trial(brokers: readonly string[], compression: BatchCompression): Promise<void> {
  const settings = { clientId: 'bench', clock: systemClock, random: Math.random, logger: silentLogger }
  const cluster = await openRemoteCluster({ ...settings, brokers, compression })
  const [input, output] = [`input-${compression}`, `output-${compression}`]
  await cluster.admin.createTopics([input, output].map((name) => ({ name, partitions, config: defaultTopicConfig })))
  console.log(`compression ${compression}`)
  await measured('write', () => write(cluster, input))
  await measured('read', () => read(cluster, input))
  await measured('copy', () => copy(cluster, input, output))
  const ends = await cluster.admin.offsets(partitionsOf(output))
  console.log(`${output} ends at ${ends.map(({ stable }) => stable).join(', ')}`)
  await cluster.close()
}

async function measured(name: string, work: () => Promise<number>): Promise<void> {
  const start = performance.now()
  const cpu = process.cpuUsage()
  const count = await work()
  const seconds = (performance.now() - start) / 1000
  const { user, system } = process.cpuUsage(cpu)
  const rate = Math.round(count / seconds).toLocaleString('en-US')
  const megabytes = ((count * recordBytes) / seconds / 1e6).toFixed(0)
  const cpuPerMillion = ((user + system) / count).toFixed(2)
  console.log(
    `${name.padEnd(6)} ${rate.padStart(10)} records/s ${megabytes.padStart(5)} MB/s  ${cpuPerMillion} CPU s per M records`,
  )
}

const producerOf = (cluster: Cluster) =>
  cluster.initProducer({ transactionalId: 'bench', transactionTimeoutMs: 60_000 })

const partitionsOf = (topic: string) => Array.from({ length: partitions }, (_, partition) => ({ topic, partition }))

/** Several sends in flight, a commit now and then. */
async function write(cluster: Cluster, topic: string): Promise<number> {
  const producer = await producerOf(cluster)
  const source = Buffer.from(JSON.stringify({ text: 'San Francisco 311 '.repeat(60) }).slice(0, recordBytes))
  const rounds = Array.from({ length: roundsPerCommit }, () =>
    partitionsOf(topic).map((place) => ({ ...place, records: new RecordBatchWriter(512 * 1024) })),
  )
  let written = 0
  while (written < records) {
    const sends = rounds.map((batches) => {
      for (const batch of batches) written += fill(batch.records, source)
      return producer.send(batches)
    })
    await Promise.all(sends)
    await producer.commit()
  }
  return written
}

function fill(batch: RecordBatchWriter, source: Buffer): number {
  batch.reset()
  const now = Date.now()
  for (let row = 0; row < recordsPerBatch; row++) {
    source.writeUInt32BE(row, 0)
    batch.append(now, source, 0, 4, source, 0, recordBytes)
  }
  return recordsPerBatch
}

/** Checks and decodes every batch from the start to the end. */
async function read(cluster: Cluster, topic: string): Promise<number> {
  const reader = cluster.openReader()
  const columns = new RecordColumns()
  const ends = (await cluster.admin.offsets(partitionsOf(topic))).map(({ stable }) => stable)
  const offsets = ends.map(() => 0)
  let count = 0
  while (offsets.some((offset, partition) => offset < (ends[partition] ?? 0))) {
    const positions = partitionsOf(topic).map((place) => ({ ...place, offset: offsets[place.partition] ?? 0 }))
    for (const fetched of await reader.fetch(positions, fetchOptions)) {
      const { partition } = fetched
      offsets[partition] = visitCommitted(fetched, offsets[partition] ?? 0, columns, (batch) => {
        count += batch.count
      })
    }
  }
  await reader.close()
  return count
}

/** Reads, writes and commits positions in one transaction every `commitIntervalMs`, as a worker does. */
async function copy(cluster: Cluster, from: string, to: string): Promise<number> {
  const producer = await producerOf(cluster)
  const reader = cluster.openReader()
  const columns = new RecordColumns()
  const ends = (await cluster.admin.offsets(partitionsOf(from))).map(({ stable }) => stable)
  const positions = partitionsOf(from).map((place) => ({ ...place, offset: 0 }))
  const writers = positions.map(() => new RecordBatchWriter(1024 * 1024))
  let count = 0
  let lastCommit = performance.now()
  while (positions.some(({ offset, partition }) => offset < (ends[partition] ?? 0))) {
    const batches = (await reader.fetch(positions, fetchOptions)).map((fetched) => {
      const { partition } = fetched
      const [position, records] = [positions[partition], writers[partition]]
      assert(position !== undefined && records !== undefined, 'a fetch answers what was asked')
      records.reset()
      position.offset = visitCommitted(fetched, position.offset, columns, (batch) => copyRows(batch, records))
      count += records.count
      return { topic: to, partition, records }
    })
    await producer.send(batches.filter(({ records }) => records.count > 0))
    if (performance.now() - lastCommit < commitIntervalMs) continue
    await commitPositions(producer, positions)
    lastCommit = performance.now()
  }
  await commitPositions(producer, positions)
  await reader.close()
  return count
}

function copyRows(from: RecordColumns, to: RecordBatchWriter): void {
  const { buffer, keyStart, keyEnd, valueStart, valueEnd } = from
  for (let row = 0; row < from.count; row++) {
    const [start = 0, end = 0, valueFrom = 0, valueTo = 0] = [
      keyStart[row],
      keyEnd[row],
      valueStart[row],
      valueEnd[row],
    ]
    to.append(from.timestamp(row), buffer, start, end, buffer, valueFrom, valueTo)
  }
}

async function commitPositions(producer: TransactionalProducer, positions: readonly Position[]): Promise<void> {
  await producer.sendOffsets(group, positions)
  await producer.commit()
}
