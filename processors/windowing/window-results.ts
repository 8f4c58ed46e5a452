// The results of one windowed aggregate: what changed since the last commit, what is still open, and what is sent when.
// A window is read once and written once a commit, whatever number of inputs it took.
import { AssertionError } from '../../core/assert.ts'
import { StreamRecord } from '../../core/stream-record.ts'
import type { StartRange, StoreWalk, WindowStore } from '../../state/task-stores.ts'
import type { OpenSpan, Outputs, Progress, TaskContext } from '../operator.ts'
import { port } from '../outputs.ts'
import type { KeyIdentities, KeyIdentity } from './key-identity.ts'
import { OpenWindows } from './open-windows.ts'
import { UnreadWindows } from './unread-windows.ts'
import { Result, type ResultStatus, WindowKey } from './window-result.ts'
import { WindowState } from './window-state.ts'
import type { Windowing } from './windowing.ts'

export interface ResultRules<A> {
  readonly windowing: Windowing
  readonly graceMs: number
  readonly emit: 'updates' | 'final'
  readonly initial: A
  /** Such a result is no row at all: it is sent as a delete. */
  isInitial(value: A): boolean
  /** What must hold of every result at a commit; a result that breaks it is a bug. */
  isValid(value: A): boolean
}

/** A window that changed since the last commit. */
class ChangedWindow<K, A> {
  readonly key: K
  readonly start: number
  value: A
  timestamp: number
  clock: number
  ingestedAt = 0
  emitted: number
  isFinal: boolean

  constructor(key: K, start: number, { value, timestamp, clock, emitted, isFinal }: WindowState<A>) {
    this.key = key
    this.start = start
    this.value = value
    this.timestamp = timestamp
    this.clock = clock
    this.emitted = emitted
    this.isFinal = isFinal
  }
}

export class WindowResults<K, A> {
  private readonly context: TaskContext
  private readonly store: WindowStore<K, WindowState<A>>
  private readonly identities: KeyIdentities<K>
  private readonly rules: ResultRules<A>
  private readonly open: OpenWindows<K>
  private readonly unread: UnreadWindows
  /** Through the windows of a day that are due. */
  private reading: StoreWalk | undefined
  private readonly changed = new Map<number, Map<KeyIdentity, ChangedWindow<K, A>>>()

  constructor(
    context: TaskContext,
    store: WindowStore<K, WindowState<A>>,
    identities: KeyIdentities<K>,
    rules: ResultRules<A>,
  ) {
    this.context = context
    this.store = store
    this.identities = identities
    this.rules = rules
    this.open = new OpenWindows(identities, (start) => this.closesAt(start))
    this.unread = new UnreadWindows((start) => this.closesAt(start))
  }

  closesAt(start: number): number {
    return this.rules.windowing.endOf(start) + this.rules.graceMs
  }

  get openWindows(): number {
    return this.open.count
  }

  load(keys: readonly K[], starts: readonly number[]): Promise<void> | undefined {
    return this.store.load(keys, starts)
  }

  exists(key: K, start: number): boolean {
    return this.pending(key, start) !== undefined || this.store.get(key, start) !== undefined
  }

  /** The result so far; undefined: there is none. */
  valueOf(key: K, start: number): A | undefined {
    const value = this.pending(key, start)?.value ?? this.store.get(key, start)?.value
    return value === undefined || this.rules.isInitial(value) ? undefined : value
  }

  /** Takes one input into one window. */
  update<V>(key: K, start: number, step: (total: A, value: V) => A, value: V, cause: StreamRecord): void {
    const window = this.pending(key, start) ?? this.begin(key, start)
    window.value = step(window.value, value)
    if (cause.timestamp > window.timestamp) window.timestamp = cause.timestamp
    if (cause.clock > window.clock) window.clock = cause.clock
    window.ingestedAt = cause.ingestedAt
  }

  /** Before a commit: one result for each changed window. */
  flush(outputs: Outputs): void {
    const out = port(outputs)
    for (const windows of this.changed.values()) for (const window of windows.values()) this.settle(window, out)
    this.changed.clear()
  }

  /** Closes the windows that end, grace included, at the watermark or before: earliest first, some at a time. */
  async advance(watermark: number, outputs: Outputs): Promise<Progress> {
    for (let left = this.context.windowsAtOnce; left > 0; ) {
      const day = this.unread.due(watermark)
      const closed = this.open.takeClosed(watermark, { before: day?.from ?? Number.POSITIVE_INFINITY, most: left })
      for (const { start, keys } of closed) {
        await this.store.load(keys, new Array(keys.length).fill(start))
        for (const key of keys) this.close(key, start, port(outputs))
        left -= keys.length
      }
      if (left > 0 && day === undefined) return 'done'
      if (left > 0 && day !== undefined) left -= await this.read(day, left)
    }
    return 'more'
  }

  openSpan(): OpenSpan | null {
    return joined(this.open.span(), this.unread.span())
  }

  async restore(open: OpenSpan | null | undefined): Promise<void> {
    if (open === undefined) await this.store.scan(this.noteOpen)
    else if (open !== null) this.unread.remember(open)
  }

  /** Some of the windows that begin on a day; returns how many it looked at. Which of those that changed since are open is known. */
  private async read(day: StartRange, most: number): Promise<number> {
    this.reading ??= this.store.walk(this.noteOpen, day)
    const { looked, isAtEnd } = await this.reading.next(most)
    if (isAtEnd) {
      this.reading = undefined
      this.unread.readUpTo(day.to)
    }
    return Math.max(looked, 1)
  }

  private readonly noteOpen = (key: K, start: number, { isFinal }: WindowState<A>): void => {
    if (!isFinal) this.open.add(key, start)
  }

  private pending(key: K, start: number): ChangedWindow<K, A> | undefined {
    return this.changed.get(start)?.get(this.identities.of(key))
  }

  private begin(key: K, start: number): ChangedWindow<K, A> {
    const isClosed = this.context.watermark() >= this.closesAt(start)
    const state = this.store.get(key, start) ?? this.empty(isClosed)
    const window = new ChangedWindow(key, start, state)
    if (!state.isFinal) this.open.add(key, start)
    let windows = this.changed.get(start)
    if (windows === undefined) {
      windows = new Map()
      this.changed.set(start, windows)
    }
    windows.set(this.identities.of(key), window)
    return window
  }

  private empty(isFinal: boolean): WindowState<A> {
    const { initial } = this.rules
    const never = Number.NEGATIVE_INFINITY
    return new WindowState({ value: initial, timestamp: never, clock: never, emitted: 0, isFinal })
  }

  /** Stores a changed window and sends its result, if results are sent by now. */
  private settle(window: ChangedWindow<K, A>, out: StreamRecord[]): void {
    const { key, start, value, isFinal } = window
    if (!this.rules.isValid(value))
      throw new AssertionError(`an impossible result in the window of ${new Date(start).toISOString()}`)
    if (this.rules.isInitial(value)) {
      this.remove(window, out)
      return
    }
    // One that is due and waits for its turn to close has a final result next.
    const isDue = this.context.watermark() >= this.closesAt(start)
    if (isFinal || (this.rules.emit === 'updates' && !isDue)) {
      this.send(window, new Result(value, isFinal ? 'corrected' : 'provisional', window.emitted++), out)
    }
    this.store.put(key, start, new WindowState(window))
  }

  private remove(window: ChangedWindow<K, A>, out: StreamRecord[]): void {
    this.store.delete(window.key, window.start)
    this.open.remove(window.key, window.start)
    if (window.emitted > 0) this.send(window, undefined, out)
  }

  private send(window: ChangedWindow<K, A>, result: Result<A> | undefined, out: StreamRecord[]): void {
    const { key, start, timestamp, clock, ingestedAt } = window
    const windowKey = new WindowKey(key, start, this.rules.windowing.endOf(start))
    out.push(StreamRecord.of(windowKey, result, timestamp, clock, ingestedAt, -1))
  }

  private close(key: K, start: number, out: StreamRecord[]): void {
    const pending = this.pending(key, start)
    const state = pending ?? this.store.get(key, start)
    if (state === undefined || this.rules.isInitial(state.value)) {
      if (pending !== undefined) pending.isFinal = true
      return
    }
    this.changed.get(start)?.delete(this.identities.of(key))
    const status: ResultStatus = 'final'
    const at = this.closesAt(start)
    const windowKey = new WindowKey(key, start, this.rules.windowing.endOf(start))
    out.push(
      StreamRecord.of(windowKey, new Result(state.value, status, state.emitted), at, at, pending?.ingestedAt ?? 0, -1),
    )
    const { value, timestamp, clock, emitted } = state
    this.store.put(key, start, new WindowState({ value, timestamp, clock, emitted: emitted + 1, isFinal: true }))
  }
}

function joined(one: OpenSpan | null, other: OpenSpan | null): OpenSpan | null {
  if (one === null || other === null) return one ?? other
  return { first: Math.min(one.first, other.first), last: Math.max(one.last, other.last) }
}
