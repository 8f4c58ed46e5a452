// Topologies of one to three hops over ticks, for tests of time.
import { minutes } from '../../core/duration.ts'
import { t } from '../../serdes/schema.ts'
import { windowed, windowResult } from '../../serdes/windowed.ts'
import { sessionStore, versionedStore, windowStore } from '../../state/store-definitions.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { deadLetterTopic, groupTopic, topic } from '../../topology/topic.ts'
import { hopping, type LateOptions, session, tumbling } from '../../topology/windows.ts'

export const partitions = 3
export const start = Date.UTC(2025, 5, 1)
export const size = minutes(10)
export const gap = minutes(3)

export class Tick extends t.record('Tick', { at: t.instant, kind: t.string, version: t.int }) {}

export const ticks = topic('ticks', {
  key: t.string,
  value: Tick,
  timestamp: ({ at }) => at,
  partitions,
  config: { timestampType: 'LogAppendTime' },
})
export const badTicks = deadLetterTopic('bad-ticks', ticks)
export const counts = topic('counts', { key: windowed(t.string), value: windowResult(t.int), partitions: 2 })
const byKind = topic('by-kind', { key: t.string, value: Tick, partitions: 2 })
const totals = topic('totals', { key: t.string, value: windowResult(t.int), partitions: 2 })
const kindsOfVersions = groupTopic('kinds-of-versions', {
  ...{ key: t.string, entry: t.int, partitions: 2 },
  source: { key: t.string, value: Tick },
})

const store = windowStore('windows', { key: t.string, value: t.int })

export function overSource(late: LateOptions): CompiledTopology {
  const streams = new StreamsBuilder('one-hop', { deadLetters: badTicks })
  streams
    .stream(ticks)
    .groupByKey()
    .windowedBy(tumbling({ size, ...late }))
    .count(store)
    .toStream()
    .to(counts)
  return streams.build()
}

export function overKinds(late: LateOptions, kind: 'tumbling' | 'hopping' = 'hopping'): CompiledTopology {
  const streams = new StreamsBuilder('two-hops', { deadLetters: badTicks })
  const windows = kind === 'tumbling' ? tumbling({ size, ...late }) : hopping({ size, advance: size / 2, ...late })
  streams
    .stream(ticks)
    .repartition(byKind, (tick) => tick.kind)
    .groupByKey()
    .windowedBy(windows)
    .count(store)
    .toStream()
    .to(counts)
  return streams.build()
}

export function overSessions(late: LateOptions): CompiledTopology {
  const streams = new StreamsBuilder('sessions', { deadLetters: badTicks })
  const sessions = sessionStore('sessions', { key: t.string, value: t.int })
  streams
    .stream(ticks)
    .groupByKey()
    .windowedBy(session({ gap, ...late }))
    .count(sessions)
    .toStream()
    .to(counts)
  return streams.build()
}

export function overResults(late: LateOptions): CompiledTopology {
  const streams = new StreamsBuilder('three-hops', { deadLetters: badTicks })
  streams
    .stream(ticks)
    .groupByKey()
    .windowedBy(tumbling({ size, ...late, emit: 'final' }))
    .count(store)
    .toStream()
    .repartition(totals, (_, { key }) => key.slice(2))
    .groupByKey()
    .windowedBy(tumbling({ size, grace: 0 }))
    .aggregate(windowStore('sums', { key: t.string, value: t.int }), {
      initial: 0,
      add: (sum, { value }) => sum + value,
    })
    .toStream()
    .to(counts)
  return streams.build()
}

export function overVersions(late: LateOptions): CompiledTopology {
  const streams = new StreamsBuilder('versions', { deadLetters: badTicks })
  class Kept extends t.record('Kept', { kind: t.string, at: t.instant }) {}
  streams
    .stream(ticks)
    .toTable(versionedStore('ticks', { key: t.string, value: Kept, version: t.int }), {
      version: ({ version }) => version,
      keep: ({ kind, at }) => ({ kind, at }),
    })
    .groupBy(kindsOfVersions, ({ kind, at }) => [{ key: kind, at, value: 1 }])
    .windowedBy(tumbling({ size, ...late }))
    .aggregate(store, { initial: 0, add: (sum, one) => sum + one, subtract: (sum, one) => sum - one })
    .toStream()
    .to(counts)
  return streams.build()
}
