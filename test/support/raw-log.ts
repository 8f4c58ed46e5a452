// An embedded cluster with what an ingest leaves in it, read back as rows.

import { Ingester, type IngesterOptions } from '../../cities/ingest/ingester.ts'
import type { RawCase } from '../../cities/sf/raw-case.ts'
import { topics } from '../../cities/sf/topics.ts'
import { ManualClock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { committedBatches } from '../../kafka/committed-batches.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { RecordColumns } from '../../kafka/record-batch/record-columns.ts'
import { confluentSerde } from '../../serdes/confluent-serde.ts'
import { type EmbeddedRegistry, openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'

export interface LoggedRow {
  readonly partition: number
  readonly key: string
  readonly raw: RawCase
}

export class RawLog {
  readonly clock: ManualClock
  readonly cluster: EmbeddedCluster
  readonly registry: EmbeddedRegistry

  private constructor(clock: ManualClock, cluster: EmbeddedCluster, registry: EmbeddedRegistry) {
    this.clock = clock
    this.cluster = cluster
    this.registry = registry
  }

  static async open(now = Date.UTC(2026, 6, 1)): Promise<RawLog> {
    const clock = new ManualClock(now)
    const cluster = await openEmbeddedCluster({ clock, random: seededRandom(1) })
    return new RawLog(clock, cluster, await openEmbeddedRegistry())
  }

  ingester(options: Partial<IngesterOptions<RawCase>> = {}): Promise<Ingester<RawCase>> {
    const { cluster, registry, clock } = this
    const names = { topic: topics.raw, cursorTopic: 'sf311.ingest-cursors', transactionalId: 'sf311-ingest' }
    return Ingester.open({ cluster, registry, clock, ...names, ...options })
  }

  /** All committed rows, partition by partition. */
  async rows(): Promise<LoggedRow[]> {
    const { name: topic, partitions, value } = topics.raw
    const serde = await confluentSerde({ schema: value, subject: `${topic}-value`, registry: this.registry })
    const found: LoggedRow[] = []
    for (let partition = 0; partition < partitions; partition++) {
      await this.visit(topic, partition, (columns, row) => {
        const key = columns.buffer.toString('utf8', columns.keyStart[row], columns.keyEnd[row])
        const raw = serde.read(columns.buffer, columns.valueStart[row] ?? 0, columns.valueEnd[row] ?? 0)
        found.push({ partition, key, raw })
      })
    }
    return found
  }

  private async visit(
    topic: string,
    partition: number,
    row: (columns: RecordColumns, row: number) => void,
  ): Promise<void> {
    const reader = this.cluster.openReader()
    const columns = new RecordColumns()
    const [offsets] = await this.cluster.admin.offsets([{ topic, partition }])
    for (let offset = offsets?.earliest ?? 0; offset < (offsets?.stable ?? 0); ) {
      const options = { isolation: 'read_committed', maxBytes: 1e6, maxBytesPerPartition: 1e6, maxWaitMs: 0 } as const
      const [fetched] = await reader.fetch([{ topic, partition, offset }], options)
      if (fetched === undefined) break
      for (const next of committedBatches(fetched, offset, columns)) {
        for (let at = 0; at < columns.count; at++) row(columns, at)
        offset = next
      }
    }
    await reader.close()
  }
}
