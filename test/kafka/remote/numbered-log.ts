// A writer and a reader of consecutive numbers, for tests in which brokers come and go: every number must be in the log once, in order.
import { ProducerFenced, Retriable } from '../../../core/errors.ts'
import type { Cluster, TransactionalProducer } from '../../../kafka/cluster.ts'
import { defaultTopicConfig } from '../../../kafka/cluster.ts'
import { visitCommitted } from '../../../kafka/committed-batches.ts'
import { RecordBatchWriter } from '../../../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns } from '../../../kafka/record-batch/record-columns.ts'

const partition = 0
/** Longer than a transaction may be open, and brokers take to notice. */
const MARKER_MS_MAX = 50_000
export const MARKER_LOST = 'the broker has lost the marker of a transaction that it has decided'

export class NumberedLog {
  readonly topic: string
  /** How many producers ended on the way. */
  incarnations = 0
  private readonly cluster: Cluster

  constructor(cluster: Cluster, topic: string) {
    this.cluster = cluster
    this.topic = topic
  }

  async create(): Promise<void> {
    await this.cluster.admin.createTopics([{ name: this.topic, partitions: 1, config: defaultTopicConfig }])
  }

  /** Writes 0 … count−1, one a transaction. What became of the last one when a producer ended is read from the log. */
  async write(count: number, reached: (number: number) => Promise<void> = async () => {}): Promise<void> {
    let producer: TransactionalProducer | undefined
    for (let next = 0; next < count; ) {
      try {
        if (producer === undefined) {
          producer = await this.cluster.initProducer({ transactionalId: this.topic, transactionTimeoutMs: 30_000 })
          this.incarnations++
          next = await this.firstMissing()
        }
        await reached(next)
        await producer.send([{ topic: this.topic, partition, records: numberBatch(next) }])
        await producer.commit()
        next++
      } catch (error) {
        if (!(error instanceof ProducerFenced) && !(error instanceof Retriable)) throw error
        producer = undefined
      }
    }
  }

  /** Reads until `count` numbers have come. */
  async read(count: number): Promise<number[]> {
    const reader = this.cluster.openReader()
    const numbers: number[] = []
    for (let offset = 0; numbers.length < count; ) offset = await this.readOnce(reader, offset, numbers)
    await reader.close()
    return numbers
  }

  /** Behind the last committed number. */
  private async firstMissing(): Promise<number> {
    const reader = this.cluster.openReader()
    const numbers: number[] = []
    const end = await this.stableEnd()
    for (let offset = 0; offset < end; ) offset = await this.readOnce(reader, offset, numbers)
    await reader.close()
    return (numbers.at(-1) ?? -1) + 1
  }

  /** InitProducerId has decided what was open; the markers may follow a little later. */
  private async stableEnd(): Promise<number> {
    const deadline = Date.now() + MARKER_MS_MAX
    for (;;) {
      const [offsets] = await this.cluster.admin.offsets([{ topic: this.topic, partition }])
      if (offsets !== undefined && offsets.stable === offsets.latest) return offsets.latest
      if (Date.now() > deadline) throw new Error(`${MARKER_LOST}: stable at ${offsets?.stable} of ${offsets?.latest}`)
    }
  }

  private async readOnce(reader: ReturnType<Cluster['openReader']>, offset: number, numbers: number[]) {
    const [fetched] = await reader.fetch([{ topic: this.topic, partition, offset }], {
      isolation: 'read_committed',
      maxBytes: 1024 * 1024,
      maxBytesPerPartition: 1024 * 1024,
      maxWaitMs: 500,
    })
    if (fetched === undefined) return offset
    return visitCommitted(fetched, offset, new RecordColumns(), (columns) => {
      for (let row = 0; row < columns.count; row++)
        numbers.push(Number(columns.buffer.utf8Slice(columns.valueStart[row], columns.valueEnd[row])))
    })
  }
}

function numberBatch(number: number): RecordBatchWriter {
  const value = Buffer.from(String(number))
  const records = new RecordBatchWriter(128)
  records.append(1_700_000_000_000, undefined, 0, 0, value, 0, value.length)
  return records
}
