// Time of one task (time-model.md): source clocks of what it reads, watermarks of what feeds it, and what it tells the tasks behind it.
import { type TaskId, taskName } from '../core/topic-partition.ts'
import type { UpstreamStatus } from '../kafka/engine-header.ts'

/** A timestamp may be this far ahead of the moment its record was appended. */
export const FUTURE_TOLERANCE_MS = 600_000

/** The watermark that a task tells which has none yet: its status has to be heard all the same, and −Infinity cannot be written. */
export const BEFORE_ALL = Number.MIN_SAFE_INTEGER

/** Whether an event time may touch a clock; `appendedAt` is −1 where nobody knows it. */
export function isPlausible(timestamp: number, appendedAt: number): boolean {
  return (
    timestamp > 0 && Number.isFinite(timestamp) && (appendedAt < 0 || timestamp <= appendedAt + FUTURE_TOLERANCE_MS)
  )
}

interface Upstream {
  watermark: number
  status: UpstreamStatus
}

export class EventTime {
  /** Highest valid event time read so far, by source topic. */
  private readonly clocks = new Map<string, number>()
  private readonly upstream = new Map<string, Upstream>()
  private current = Number.NEGATIVE_INFINITY

  /** `sources`: topics that have a clock of their own; `feeders`: every task whose word is waited for. */
  constructor(sources: readonly string[], feeders: readonly TaskId[]) {
    for (const topic of sources) this.clocks.set(topic, Number.NEGATIVE_INFINITY)
    for (const task of feeders)
      this.upstream.set(taskName(task), { watermark: Number.NEGATIVE_INFINITY, status: 'active' })
  }

  /** The clock of a source topic's partition, after `timestamp` was read there. */
  observe(topic: string, timestamp: number): number {
    const clock = Math.max(this.clock(topic), timestamp)
    this.clocks.set(topic, clock)
    return clock
  }

  clock(topic: string): number {
    return this.clocks.get(topic) ?? Number.NEGATIVE_INFINITY
  }

  /** An upstream task has spoken; a task that the topology does not know is ignored. */
  hear(task: string, watermark: number, status: UpstreamStatus): void {
    const known = this.upstream.get(task)
    if (known === undefined) return
    known.watermark = Math.max(known.watermark, watermark)
    known.status = status
  }

  /**
   * Minimum over all inputs, idle ones left out; never goes back. With no word from one of them it does not move.
   * `idleSources` are source topics whose own partition has been declared idle.
   */
  watermark(idleSources: ReadonlySet<string> = new Set()): number {
    const active = [
      ...[...this.clocks].filter(([topic]) => !idleSources.has(topic)).map(([, clock]) => clock),
      ...[...this.upstream.values()].filter(({ status }) => status === 'active').map(({ watermark }) => watermark),
    ]
    const ended = [...this.upstream.values()]
      .filter(({ status }) => status === 'ended')
      .map(({ watermark }) => watermark)
    const all = [...active, ...ended]
    const lowest = all.length > 0 ? Math.min(...all) : BEFORE_ALL
    if (lowest > BEFORE_ALL) this.current = Math.max(this.current, lowest)
    return this.current
  }

  /** Whether no task upstream will move the watermark for now; true where there is none. */
  upstreamIdle(): boolean {
    return [...this.upstream.values()].every(({ status }) => status !== 'active')
  }

  restore(
    clocks: Readonly<Record<string, number | null>>,
    upstream: Readonly<Record<string, Upstream>>,
    watermark: number | null,
  ): void {
    for (const [topic, clock] of Object.entries(clocks))
      if (clock !== null && this.clocks.has(topic)) this.clocks.set(topic, clock)
    for (const [task, word] of Object.entries(upstream)) this.hear(task, word.watermark, word.status)
    this.current = watermark ?? Number.NEGATIVE_INFINITY
  }

  /** For the commit marker: only what has been heard. */
  heard(): Record<string, Upstream> {
    return Object.fromEntries(
      [...this.upstream]
        .filter(([, { watermark }]) => watermark > Number.NEGATIVE_INFINITY)
        .map(([task, word]) => [task, { ...word }]),
    )
  }
}
