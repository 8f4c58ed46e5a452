// aggregate of sessions: records of a key belong together while no gap between them is longer than the session's.
// A record that bridges a gap merges the sessions on both sides; what had been sent for those that began later is taken back.
//
//   gap 5     0──3        9──11          record at 6 ──▶   0──3──6──9──11     a delete goes out for the session that began at 9
import { assert } from '../../core/assert.ts'
import { StreamRecord } from '../../core/stream-record.ts'
import type { Session, SessionStore, StoreWalk } from '../../state/task-stores.ts'
import type { OpenSpan, Operator, Outputs, Progress, TaskContext } from '../operator.ts'
import { port } from '../outputs.ts'
import type { KeyIdentities, KeyIdentity } from './key-identity.ts'
import { admission, type LatePolicy } from './lateness.ts'
import { type Refusal, refuse } from './refusals.ts'
import { Result, type ResultStatus, WindowKey } from './window-result.ts'
import { WindowState } from './window-state.ts'

export interface SessionSteps<A, V> {
  readonly gapMs: number
  readonly graceMs: number
  readonly policy: LatePolicy
  readonly emit: 'updates' | 'final'
  readonly initial: A
  readonly add: (total: A, value: V) => A
  readonly merge: (one: A, other: A) => A
  readonly isValid: (value: A) => boolean
}

type StoredSession<A> = Session<WindowState<A>>

/** The sessions of a key that changed since the last commit. */
interface ChangedKey<K, A> {
  readonly key: K
  sessions: readonly StoredSession<A>[]
  /** Starts of sessions whose result is to be sent. */
  readonly changed: Set<number>
  /** What had been sent and is no more, by start. */
  readonly gone: Map<number, StoredSession<A>>
  ingestedAt: number
}

export class SessionAggregate<K, V, A> implements Operator {
  private readonly step: { readonly context: TaskContext; readonly node: string }
  private readonly store: SessionStore<K, WindowState<A>>
  private readonly identities: KeyIdentities<K>
  private readonly steps: SessionSteps<A, V>
  private readonly changed = new Map<KeyIdentity, ChangedKey<K, A>>()
  /** Keys with a session that is not final. */
  private readonly open = new Map<KeyIdentity, K>()
  /** No open session ends before this. */
  private nextEnd = Number.POSITIVE_INFINITY
  /** Of the sessions that were open when the task was handed over, not looked at since: none ends before this. */
  private unreadEnd = Number.POSITIVE_INFINITY
  /** Through those. */
  private reading: StoreWalk | undefined
  /** Keys that wait for their turn to be looked at for sessions that are due; no open session of theirs ends before `waitingEnd`. */
  private waiting: readonly K[] = []
  private waitingEnd = Number.POSITIVE_INFINITY

  constructor(
    step: { readonly context: TaskContext; readonly node: string },
    store: SessionStore<K, WindowState<A>>,
    identities: KeyIdentities<K>,
    steps: SessionSteps<A, V>,
  ) {
    this.step = step
    this.store = store
    this.identities = identities
    this.steps = steps
  }

  prepare(batch: readonly StreamRecord<K, V>[]): Promise<void> | undefined {
    return this.store.load(batch.map(({ key }) => key))
  }

  process(batch: readonly StreamRecord<K, V>[]): void {
    for (const record of batch) {
      if (record.value === undefined) this.step.context.count(this.step.node, 'tombstone')
      else this.take(record)
    }
  }

  flush(outputs: Outputs): void {
    for (const key of this.changed.values()) this.settle(key, port(outputs))
    this.changed.clear()
  }

  async advance(watermark: number, outputs: Outputs): Promise<Progress> {
    const { windowsAtOnce } = this.step.context
    const isUnreadDue = watermark >= this.closesAt({ end: this.unreadEnd })
    if (isUnreadDue && !(await this.read(windowsAtOnce))) return 'more'
    if (watermark >= this.closesAt({ end: this.nextEnd })) this.beginRound()
    const keys = this.waiting.slice(0, windowsAtOnce)
    if (keys.length === 0) return 'done'
    await this.store.load(keys)
    this.waiting = this.waiting.slice(windowsAtOnce)
    if (this.waiting.length === 0) this.waitingEnd = Number.POSITIVE_INFINITY
    for (const key of keys) this.close(key, watermark, port(outputs))
    return this.waiting.length > 0 ? 'more' : 'done'
  }

  openSpan(): OpenSpan | null {
    const end = Math.min(this.nextEnd, this.unreadEnd, this.waitingEnd)
    return Number.isFinite(end) ? { first: end, last: end } : null
  }

  async restore(open: OpenSpan | null | undefined): Promise<void> {
    if (open === undefined) await this.store.scan(this.noteOpen)
    else if (open !== null) this.unreadEnd = open.first
  }

  /** Some of what was open when the task was handed over; returns whether that was the rest. */
  private async read(most: number): Promise<boolean> {
    this.reading ??= this.store.walk(this.noteOpen)
    const { isAtEnd } = await this.reading.next(most)
    if (!isAtEnd) return false
    this.reading = undefined
    this.unreadEnd = Number.POSITIVE_INFINITY
    return true
  }

  /** Some session is due: every key with an open one is looked at. */
  private beginRound(): void {
    this.waiting = [...this.waiting, ...this.open.values()]
    this.waitingEnd = Math.min(this.waitingEnd, this.nextEnd)
    this.open.clear()
    this.nextEnd = Number.POSITIVE_INFINITY
  }

  /** Keys with a session that is not closed. */
  get openWindows(): number {
    return this.open.size + this.waiting.length
  }

  private closesAt({ end }: { readonly end: number }): number {
    return end + 2 * this.steps.gapMs + this.steps.graceMs
  }

  private readonly noteOpen = (key: K, sessions: readonly StoredSession<A>[]): void => {
    for (const session of sessions) {
      if (session.value.isFinal) continue
      this.open.set(this.identities.of(key), key)
      this.nextEnd = Math.min(this.nextEnd, session.end)
    }
  }

  private take(record: StreamRecord<K, V>): void {
    const { gapMs } = this.steps
    const state = this.changed.get(this.identities.of(record.key))
    const sessions = state?.sessions ?? this.store.get(record.key)
    const at = record.timestamp
    const joined = sessions.filter(({ start, end }) => start - gapMs <= at && at <= end + gapMs)
    const refusal = this.refusalOf(record, joined.length > 0)
    if (refusal === undefined) this.join(record, sessions, joined)
    else refuse(this.step, this.steps.policy, record, refusal)
  }

  private refusalOf({ timestamp, clock }: StreamRecord, hasSession: boolean): Refusal | undefined {
    const { gapMs, graceMs, policy } = this.steps
    const watermark = this.step.context.watermark()
    const admitted = admission(policy, { closesAt: timestamp + gapMs + graceMs, clock, watermark })
    if (admitted === 'late' || admitted === 'expired') return admitted
    return admitted === 'take existing' && !hasSession ? 'after_idle' : undefined
  }

  private join(
    record: StreamRecord<K, V>,
    sessions: readonly StoredSession<A>[],
    joined: readonly StoredSession<A>[],
  ): void {
    const key = this.changedKey(record.key, sessions)
    const merged = this.merged(record, joined)
    for (const session of joined) {
      key.changed.delete(session.start)
      if (session.start !== merged.start && session.value.emitted > 0) key.gone.set(session.start, session)
    }
    const others = sessions.filter((session) => !joined.includes(session))
    key.sessions = [...others, merged].sort((a, b) => a.start - b.start)
    key.changed.add(merged.start)
    key.gone.delete(merged.start)
    key.ingestedAt = record.ingestedAt
    this.noteOpen(record.key, [merged])
  }

  /** The session that a record makes of those it touches: as often sent as the one that keeps its start; final once a part of it was. */
  private merged(record: StreamRecord<K, V>, joined: readonly StoredSession<A>[]): StoredSession<A> {
    const { add, merge, initial } = this.steps
    const start = Math.min(record.timestamp, ...joined.map((session) => session.start))
    const end = Math.max(record.timestamp, ...joined.map((session) => session.end))
    const [first, ...more] = joined.map(({ value }) => value.value)
    const before = first === undefined ? initial : more.reduce(merge, first)
    const value = new WindowState({
      value: add(before, record.value),
      timestamp: Math.max(record.timestamp, ...joined.map((session) => session.value.timestamp)),
      clock: Math.max(record.clock, ...joined.map((session) => session.value.clock)),
      emitted: joined.find((session) => session.start === start)?.value.emitted ?? 0,
      isFinal:
        joined.some((session) => session.value.isFinal) || this.step.context.watermark() >= this.closesAt({ end }),
    })
    return { start, end, value }
  }

  private changedKey(key: K, sessions: readonly StoredSession<A>[]): ChangedKey<K, A> {
    const identity = this.identities.of(key)
    let changed = this.changed.get(identity)
    if (changed === undefined) {
      changed = { key, sessions, changed: new Set(), gone: new Map(), ingestedAt: 0 }
      this.changed.set(identity, changed)
    }
    return changed
  }

  private settle({ key, sessions, changed, gone, ingestedAt }: ChangedKey<K, A>, out: StreamRecord[]): void {
    for (const session of gone.values()) {
      const { timestamp, clock } = session.value
      out.push(StreamRecord.of(windowKey(key, session), undefined, timestamp, clock, ingestedAt, -1))
    }
    const settled = sessions.map((session) => {
      if (!changed.has(session.start)) return session
      const { value } = session
      assert(this.steps.isValid(value.value), 'an impossible result of a session')
      // One that is due and waits for its turn to close has a final result next.
      const isDue = this.step.context.watermark() >= this.closesAt(session)
      if (!value.isFinal && (isDue || this.steps.emit === 'final')) return session
      const { timestamp, clock } = value
      const sent = this.sent(key, session, value.isFinal ? 'corrected' : 'provisional', {
        timestamp,
        clock,
        ingestedAt,
      })
      out.push(sent)
      return { ...session, value: new WindowState({ ...value, emitted: value.emitted + 1 }) }
    })
    this.store.put(key, settled)
  }

  private close(key: K, watermark: number, out: StreamRecord[]): void {
    const changed = this.changed.get(this.identities.of(key))
    const sessions = changed?.sessions ?? this.store.get(key)
    const closed = sessions.map((session) => {
      const { value } = session
      const at = this.closesAt(session)
      if (value.isFinal || watermark < at) return session
      changed?.changed.delete(session.start)
      out.push(this.sent(key, session, 'final', { timestamp: at, clock: at, ingestedAt: changed?.ingestedAt ?? 0 }))
      return { ...session, value: new WindowState({ ...value, emitted: value.emitted + 1, isFinal: true }) }
    })
    if (changed === undefined) this.store.put(key, closed)
    else changed.sessions = closed
    this.noteOpen(key, closed)
  }

  private sent(
    key: K,
    session: StoredSession<A>,
    status: ResultStatus,
    at: { readonly timestamp: number; readonly clock: number; readonly ingestedAt: number },
  ): StreamRecord {
    const result = new Result(session.value.value, status, session.value.emitted)
    return StreamRecord.of(windowKey(key, session), result, at.timestamp, at.clock, at.ingestedAt, -1)
  }
}

function windowKey<K>(key: K, { start, end }: { readonly start: number; readonly end: number }): WindowKey<K> {
  return new WindowKey(key, start, end)
}
