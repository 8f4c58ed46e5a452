// The sink tasks of one process: opened when they are assigned, opened anew when somebody else has written their partition, closed when they go.

import { assert } from '../core/assert.ts'
import type { Clock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import type { Logger } from '../core/logger.ts'
import { type TaskId, taskName } from '../core/topic-partition.ts'
import type { Cluster } from '../kafka/cluster.ts'
import type { Sink, SinkTable } from '../sinks/sink.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import type { ApplicationMeasurements } from './application-measurements.ts'
import { BackOff, reactionTo } from './failure-policy.ts'
import type { GlobalTables } from './global-tables.ts'
import type { Membership } from './membership.ts'
import { SinkTask } from './sink-task.ts'
import type { TopicAccess } from './topic-access.ts'

export interface SinkSlotsOptions {
  readonly topology: CompiledTopology
  readonly cluster: Cluster
  /** Undefined only where the topology has no sinks. */
  readonly sink: Sink | undefined
  readonly membership: Membership
  readonly topics: TopicAccess
  readonly globalTables: GlobalTables
  readonly clock: Clock
  readonly logger: Logger
  readonly outageMsMax: number
  readonly measurements: ApplicationMeasurements
}

export class SinkSlots {
  private readonly options: SinkSlotsOptions
  private readonly slots = new Map<string, SinkSlot>()
  private assigned: readonly TaskId[] = []

  constructor(options: SinkSlotsOptions) {
    this.options = options
  }

  /** The sink tasks that are open. */
  get tasks(): SinkTask[] {
    return [...this.slots.values()].flatMap(({ task }) => (task === undefined ? [] : [task]))
  }

  /** Whether every assigned partition is open and behind nothing: `endOf` tells where each log ends. */
  isCaughtUp(endOf: (topic: string, partition: number) => number): boolean {
    return (
      this.assigned === this.options.membership.assigned() &&
      [...this.slots.values()].every(
        ({ task }) => task !== undefined && task.committedPosition >= endOf(task.input.topic, task.input.partition),
      )
    )
  }

  /** One turn of every slot, without waiting. Returns whether anything happened. */
  async step(signal: AbortSignal): Promise<boolean> {
    await this.follow()
    let busy = false
    for (const slot of this.slots.values()) busy = (await slot.step(0, signal)) || busy
    return busy
  }

  /** Every slot in a loop of its own, so that none waits for another, until `signal`. */
  async run(pollWaitMs: number, signal: AbortSignal): Promise<void> {
    const running = new Map<SinkSlot, Promise<void>>()
    let failure: unknown
    while (!signal.aborted && failure === undefined) {
      await this.follow()
      for (const slot of this.slots.values())
        if (!running.has(slot))
          running.set(
            slot,
            slot.run(pollWaitMs, signal).catch((error: unknown) => {
              failure = error
            }),
          )
      await this.options.clock.sleep(pollWaitMs, signal)
    }
    if (failure !== undefined) throw failure
    await Promise.all(running.values())
  }

  async close(): Promise<void> {
    for (const slot of this.slots.values()) await slot.close()
    this.slots.clear()
  }

  private async follow(): Promise<void> {
    const assigned = this.options.membership.assigned()
    if (assigned === this.assigned) return
    const wanted = new Map(
      assigned
        .filter(({ subtopology }) => this.subtopology(subtopology).kind === 'sink')
        .map((id) => [taskName(id), id]),
    )
    for (const [name, slot] of this.slots)
      if (!wanted.has(name)) {
        this.slots.delete(name)
        await slot.close()
      }
    for (const [name, id] of wanted)
      if (!this.slots.has(name))
        this.slots.set(name, new SinkSlot(this.subtopology(id.subtopology), id.partition, this.options))
    this.assigned = assigned
  }

  private subtopology(id: number): Subtopology {
    const subtopology = this.options.topology.subtopologies[id]
    assert(subtopology !== undefined, `there is no sub-topology ${id}`)
    return subtopology
  }
}

class SinkSlot {
  task: SinkTask | undefined
  private readonly subtopology: Subtopology
  private readonly partition: number
  private readonly options: SinkSlotsOptions
  private readonly backOff: BackOff
  private closed = false

  constructor(subtopology: Subtopology, partition: number, options: SinkSlotsOptions) {
    this.subtopology = subtopology
    this.partition = partition
    this.options = options
    this.backOff = new BackOff(options.outageMsMax)
  }

  async run(pollWaitMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && !this.closed) {
      await this.step(pollWaitMs, signal)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  async step(maxWaitMs: number, signal: AbortSignal): Promise<boolean> {
    try {
      this.task ??= await this.open()
      const busy = await this.task.step(maxWaitMs, signal)
      this.backOff.succeeded()
      return busy
    } catch (error) {
      if (signal.aborted || this.closed) return false
      await this.openAnewLater(error, signal)
      return true
    }
  }

  async close(): Promise<void> {
    this.closed = true
    await this.task?.close()
    this.task = undefined
  }

  private async openAnewLater(error: unknown, signal: AbortSignal): Promise<void> {
    const { clock, logger, measurements } = this.options
    const reaction = reactionTo(error)
    measurements.failed(error, reaction)
    if (reaction === 'stop') throw error
    const pause = this.backOff.failed(clock.now())
    if (pause === undefined) throw new StreamsError('sink_outage', 'the sink has failed for too long', { cause: error })
    logger.warn('a sink is opened anew', {
      task: `${this.subtopology.id}_${this.partition}`,
      error: String(error),
      pauseMs: pause,
    })
    const { task } = this
    this.task = undefined
    await task?.close()
    await clock.sleep(pause, signal)
  }

  private async open(): Promise<SinkTask> {
    const { topology, cluster, topics, sink, globalTables, clock, logger, measurements } = this.options
    const [source] = this.subtopology.sources
    assert(source !== undefined && sink !== undefined, 'a sink task has a source and a sink')
    const start = (await topics.starts(this.subtopology, this.partition)).get(source.topic.name)
    assert(start !== undefined, 'every source has a start')
    return SinkTask.open({
      app: topology.name,
      subtopology: this.subtopology,
      partition: this.partition,
      topicId: start.topicId,
      earliest: start.earliest,
      serdes: topics.serdesOf(source.topic.name),
      sink,
      reader: cluster.openReader(),
      admin: cluster.admin,
      clock,
      logger,
      globalTable: (topic) => globalTables.of(topic),
      nodes: measurements.nodes,
      onCommit: (ingestedAt, counted) => measurements.rowsWritten(ingestedAt, counted, clock.now()),
      onFetch: (name, bytes) => measurements.fetched(name, bytes),
    })
  }
}

/** The tables that a topology writes, each once. @throws StreamsError `no_sink` when there are some and no sink is given. */
export function sinkTables(topology: CompiledTopology, sink: Sink | undefined): SinkTable[] {
  const nodes = topology.subtopologies.flatMap(({ nodes }) => nodes)
  const tables = [...new Set(nodes.flatMap((node) => (node.kind === 'sink' ? [node.table] : [])))]
  if (tables.length > 0 && sink === undefined)
    throw new StreamsError(
      'no_sink',
      `topology ${topology.name} writes to ${tables.map(({ name }) => name).join(', ')}: give the application a sink`,
    )
  return tables
}
