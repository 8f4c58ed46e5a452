// Safeguards switched off one at a time, from outside the engine: each must be seen as a wrong outcome, or the simulation proves nothing.
import type { Cluster, TransactionalProducer } from '../../kafka/cluster.ts'
import { UnreadWindows } from '../../processors/windowing/unread-windows.ts'
import { type LogEntry, WritersSeen } from '../../runtime/writers-seen.ts'
import type { Sink } from '../../sinks/sink.ts'

export interface Mutation {
  readonly name: string
  readonly cluster?: (cluster: Cluster) => Cluster
  readonly sink?: (sink: Sink) => Sink
  /** Switches off what cannot be reached from outside; returns what switches it on again. */
  readonly engine?: () => () => void
}

export const mutations: readonly Mutation[] = [
  { name: 'former writers are not fenced (S2)', cluster: withoutForeignFences },
  { name: 'after an error the same incarnation goes on (R4)', cluster: withoutNewIncarnations },
  { name: 'aborted and open transactions are read (R1)', cluster: readingUncommitted },
  { name: 'a restart forgets which windows were open', engine: forgettingOpenWindows },
  { name: 'the sink does not compare its position', sink: withoutPositions },
]

/** InitProducerId for somebody else's id does nothing; a process knows its own id as the first it asked for. */
function withoutForeignFences(cluster: Cluster): Cluster {
  let own: string | undefined
  let last: TransactionalProducer | undefined
  return {
    ...cluster,
    initProducer: async (options) => {
      own ??= options.transactionalId
      if (options.transactionalId !== own && last !== undefined) return last
      last = await cluster.initProducer(options)
      return last
    },
  }
}

function withoutNewIncarnations(cluster: Cluster): Cluster {
  const known = new Map<string, TransactionalProducer>()
  let own: string | undefined
  return {
    ...cluster,
    initProducer: async (options) => {
      own ??= options.transactionalId
      const producer =
        (options.transactionalId === own ? known.get(own) : undefined) ?? (await cluster.initProducer(options))
      known.set(options.transactionalId, producer)
      return producer
    },
  }
}

function readingUncommitted(cluster: Cluster): Cluster {
  return {
    ...cluster,
    openReader: () => {
      const reader = cluster.openReader()
      return {
        fetch: (positions, options) => reader.fetch(positions, { ...options, isolation: 'read_uncommitted' }),
        close: () => reader.close(),
      }
    },
  }
}

function forgettingOpenWindows(): () => void {
  const { remember } = UnreadWindows.prototype
  UnreadWindows.prototype.remember = () => {}
  return () => {
    UnreadWindows.prototype.remember = remember
  }
}

/** Owners are believed for a fence alone: each looks as if its writer had committed behind it (S1). */
export function believingFences(): () => void {
  const { see } = WritersSeen.prototype
  WritersSeen.prototype.see = function (entries, remembered) {
    const believed = entries.flatMap((entry): LogEntry[] =>
      entry.kind === 'fence' && !entry.deleted
        ? [entry, { ...entry, kind: 'marker', offset: entry.offset + 0.5 }]
        : [entry],
    )
    see.call(this, believed, remembered)
  }
  return () => {
    WritersSeen.prototype.see = see
  }
}

/** A writer that looks up the position and claims it just before each commit, whoever has moved it. */
function withoutPositions(sink: Sink): Sink {
  return {
    ...sink,
    open: async (source) => {
      const writer = await sink.open(source)
      return {
        position: writer.position,
        newBatch: () => writer.newBatch(),
        commit: async (batch, { to }, signal) => {
          const again = await sink.open(source)
          const from = again.position ?? 0
          return again.commit(batch, { from, to: Math.max(to, from + 1) }, signal)
        },
        close: () => writer.close(),
      }
    },
  }
}
