// A topology with a store of each kind, and an application on it whose state backend the test picks: for whatever asks stores from outside.
import { systemClock } from '../../core/clock.ts'
import { days, hours, minutes } from '../../core/duration.ts'
import { seededRandom } from '../../core/random.ts'
import type { TaskId } from '../../core/topic-partition.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { Application } from '../../runtime/application.ts'
import { fixedMembership } from '../../runtime/membership.ts'
import type { StepHook } from '../../runtime/steps.ts'
import { TopicWriter } from '../../runtime/topic-io.ts'
import { type EmbeddedRegistry, openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { t } from '../../serdes/schema.ts'
import type { StateBackend } from '../../state/backend.ts'
import { keyValueStore, sessionStore, windowStore } from '../../state/store-definitions.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { topic } from '../../topology/topic.ts'
import { session, tumbling } from '../../topology/windows.ts'

export class Visit extends t.record('Visit', { at: t.instant, pages: t.int }) {}

const visits = topic('visits', { key: t.int, value: Visit, timestamp: ({ at }) => at, partitions: 2 })

export const visitStart = Date.UTC(2025, 11, 31)

/** Stores `totals` by key, `hourly` by window, `stays` by session; keys are numbers. */
export function visitTopology(): CompiledTopology {
  const streams = new StreamsBuilder('visits')
  const spec = { key: t.int, value: t.int }
  const steps = {
    initial: 0,
    add: (sum: number, { pages }: Visit) => sum + pages,
    merge: (a: number, b: number) => a + b,
  }
  const grouped = streams.stream(visits).groupByKey()
  grouped.aggregate(keyValueStore('totals', spec), steps)
  grouped.windowedBy(tumbling({ size: hours(1), grace: days(2) })).aggregate(windowStore('hourly', spec), steps)
  grouped.windowedBy(session({ gap: minutes(30), grace: 0 })).aggregate(sessionStore('stays', spec), steps)
  return streams.build()
}

export interface VisitRow {
  readonly key: number
  /** After the start, ms. */
  readonly after: number
  readonly pages: number
  /** Default: as the key says. */
  readonly partition?: number
}

export class VisitPlace {
  readonly topology = visitTopology()
  readonly cluster: EmbeddedCluster
  private readonly registry: EmbeddedRegistry

  private constructor(cluster: EmbeddedCluster, registry: EmbeddedRegistry) {
    this.cluster = cluster
    this.registry = registry
  }

  static async open(): Promise<VisitPlace> {
    const cluster = await openEmbeddedCluster({ clock: systemClock, random: seededRandom(1) })
    return new VisitPlace(cluster, await openEmbeddedRegistry())
  }

  /** Runs all tasks, or those given. */
  start(backend: StateBackend, tasks?: readonly TaskId[], at?: StepHook): Promise<Application> {
    const { topology, cluster, registry } = this
    return Application.start({
      ...{ topology, cluster, registry, backend },
      ...(at === undefined ? {} : { at }),
      config: { commitIntervalMs: 0, watermarkIntervalMs: 0, idleAfterMs: Number.POSITIVE_INFINITY },
      ...(tasks === undefined ? {} : { membership: fixedMembership(topology.name, tasks) }),
    })
  }

  async write(...rows: readonly VisitRow[]): Promise<void> {
    const physical = this.topology.topics.find(({ name }) => name === visits.name)
    if (physical === undefined) throw new Error('the topology reads visits')
    const producer = await this.cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
    const now = systemClock.now()
    await new TopicWriter<unknown, unknown>(physical, await physical.serdes(this.registry), producer).write(
      rows.map(({ after, pages, ...place }) => {
        const at = visitStart + after
        return { ...place, value: new Visit({ at, pages }), timestamp: at, ingestedAt: now }
      }),
    )
  }
}

/** Steps until all that its tasks can read is committed. */
export async function settle(application: Application): Promise<void> {
  for (let turn = 0; turn < 1_000; turn++) {
    const worked = await application.step()
    if (!worked && application.worker.isSettled()) return
  }
  throw new Error('the application does not settle')
}
