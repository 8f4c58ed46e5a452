// The input under chaos: numbered orders at a steady rate, with repeats, disorder, invalid and undecodable records. What really came into the log is
// read back by the checker, so a batch whose fate is unknown is simply sent again.
import { setTimeout as sleep } from 'node:timers/promises'
import { ByteWriter } from '../../core/byte-writer.ts'
import { hours } from '../../core/duration.ts'
import type { Random } from '../../core/random.ts'
import type { Cluster, TransactionalProducer } from '../../kafka/cluster.ts'
import { partitionFor } from '../../kafka/partitioner.ts'
import { RecordBatchWriter } from '../../kafka/record-batch/record-batch-writer.ts'
import type { Serde } from '../../serdes/serde.ts'
import { Order, orders } from '../simulation/orders.ts'

interface Entry {
  readonly key: Buffer
  readonly value: Buffer
  readonly headers: Buffer | undefined
}

const BATCH = 250
/** Repeats and new versions are of orders at most this far back. */
const REMEMBERED = 5_000
const SHOPS = 20
const SPAN_MS = hours(96)

export class Traffic {
  written = 0
  private readonly cluster: Cluster
  private readonly random: Random
  private readonly serde: Serde<Order>
  private readonly recent: Entry[] = []
  private readonly scratch = new ByteWriter()
  private readonly start = Date.UTC(2025, 11, 31)
  private serial = 0
  private producer: TransactionalProducer | undefined

  constructor(cluster: Cluster, serde: Serde<Order>, random: Random) {
    this.cluster = cluster
    this.serde = serde
    this.random = random
  }

  /** Until `signal`, and until at least `atLeast` records are in the log. */
  async run({
    perSecond,
    atLeast,
    signal,
  }: {
    perSecond: number
    atLeast: number
    signal: AbortSignal
  }): Promise<void> {
    const interval = (BATCH * 1_000) / perSecond
    let due = Date.now()
    while (!signal.aborted || this.written < atLeast) {
      await this.sendUntilWritten(Array.from({ length: BATCH }, () => this.next()))
      due = Math.max(due + interval, Date.now() - 2_000)
      await sleep(Math.max(0, due - Date.now()))
    }
  }

  private async sendUntilWritten(entries: readonly Entry[]): Promise<void> {
    for (;;) {
      try {
        await this.send(entries)
        this.written += entries.length
        return
      } catch {
        this.producer = undefined
        await sleep(200)
      }
    }
  }

  private async send(entries: readonly Entry[]): Promise<void> {
    this.producer ??= await this.cluster.initProducer({ transactionalId: 'orders-input', transactionTimeoutMs: 30_000 })
    const batches = new Map<number, RecordBatchWriter>()
    for (const { key, value, headers } of entries) {
      const partition = partitionFor(key, 0, key.length, orders.partitions)
      const batch = batches.get(partition) ?? new RecordBatchWriter()
      batches.set(partition, batch)
      batch.append(Date.now(), key, 0, key.length, value, 0, value.length, headers)
    }
    await this.producer.send([...batches].map(([partition, records]) => ({ topic: orders.name, partition, records })))
    await this.producer.commit()
  }

  private next(): Entry {
    const dice = this.random()
    if (dice < 0.01) return this.poison()
    const again = this.recent[Math.floor(this.random() * this.recent.length)]
    if (again !== undefined && dice < 0.15) return again
    const back = Math.floor(this.random() * Math.min(REMEMBERED, this.serial))
    const id = dice < 0.4 ? this.serial - back : ++this.serial
    const entry = this.entry(id)
    if (this.recent.push(entry) > REMEMBERED) this.recent.shift()
    return entry
  }

  /** The shop follows from the id, so that all versions of an order take one way through the topology and their order can be checked. */
  private entry(id: number): Entry {
    const { random, scratch } = this
    const order = new Order({
      shop: `s${id % SHOPS}`,
      version: Math.floor(random() * 5),
      amount: random() < 0.02 ? -1 : Math.floor(random() * 1_000),
      at: this.start + Math.floor(random() * SPAN_MS),
    })
    scratch.reset()
    this.serde.write(order, scratch)
    return { key: Buffer.from(`o${id}`), value: this.copied(), headers: undefined }
  }

  private poison(): Entry {
    const { value } = this.entry(this.serial)
    const kinds = [
      Buffer.alloc(0),
      value.subarray(0, value.length - 2),
      Buffer.concat([value, Buffer.from([1])]),
      Buffer.concat([Buffer.from([7]), value.subarray(1)]),
      Buffer.from(Array.from({ length: 24 }, () => Math.floor(this.random() * 256))),
    ]
    const { scratch } = this
    scratch.reset()
    scratch.varint(1)
    for (const text of ['trace', `t${this.serial}`]) {
      scratch.varint(text.length)
      scratch.text(text)
    }
    const headers = this.copied()
    const kind = kinds[Math.floor(this.random() * kinds.length)] ?? Buffer.alloc(0)
    return { key: Buffer.from(`o${this.serial}`), value: kind, headers }
  }

  private copied(): Buffer {
    return Buffer.from(this.scratch.buffer.subarray(0, this.scratch.position))
  }
}
