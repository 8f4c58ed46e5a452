// The workload's topology: validate, keep the newest version of each case, enrich, count per neighborhood and hour.
import { hours } from '../../core/duration.ts'
import { t } from '../../serdes/schema.ts'
import { versionedStore, windowStore } from '../../state/store-definitions.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { deadLetterTopic, topic } from '../../topology/topic.ts'
import { tumbling } from '../../topology/windows.ts'
import { rowSerde, textSerde } from './row.ts'

class Nothing extends t.record('Nothing', {}) {}
const nothing = new Nothing({})

export interface PeerTopics {
  readonly app: string
  readonly raw: string
  readonly enriched: string
  readonly counts: string
  readonly deadLetters: string
}

const PARTITIONS = 4

export function peerTopology(names: PeerTopics): CompiledTopology {
  const raw = topic(names.raw, { key: t.string, serde: rowSerde, timestamp: ({ at }) => at, partitions: PARTITIONS })
  const enriched = topic(names.enriched, { key: t.string, serde: rowSerde, partitions: PARTITIONS })
  const counts = topic(names.counts, { key: t.string, serde: textSerde, partitions: PARTITIONS })
  const byNeighborhood = topic('by-neighborhood', { key: t.string, value: Nothing, partitions: PARTITIONS })
  const streams = new StreamsBuilder(names.app, { deadLetters: deadLetterTopic(names.deadLetters, raw) })
  const cases = streams
    .stream(raw)
    .toTable(versionedStore('cases', { key: t.string, value: Nothing, version: t.instant }), {
      version: ({ updatedAt }) => updatedAt,
      keep: () => nothing,
      content: ({ text }) => text,
    })
    .toStream()
  cases.to(enriched)
  cases
    .selectKey(({ neighborhood }) => neighborhood)
    .mapValues(() => nothing)
    .repartition(byNeighborhood, (_, neighborhood) => neighborhood)
    .groupByKey()
    .windowedBy(tumbling({ size: hours(1), grace: hours(24), late: 'drop', zone: 'UTC' }))
    .count(windowStore('counts', { key: t.string, value: t.int }))
    .toStream()
    .map((result, { key, start }) => ({ key: `${key}@${start}`, value: String(result.value) }))
    .to(counts)
  return streams.build()
}
