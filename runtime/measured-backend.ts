// A state backend with the times and failures of its calls measured: those that may wait, not the reading of single keys.
import { StreamsError } from '../core/errors.ts'
import type { Measurements } from '../metrics/measurements.ts'
import { stopwatch } from '../metrics/stopwatch.ts'
import type {
  Changes,
  Checkpoint,
  CheckpointMove,
  StartRange,
  StateBackend,
  StateWalk,
  TaskState,
} from '../state/backend.ts'

type Operation = 'checkpoint' | 'claim' | 'load' | 'apply' | 'scan'
type Measure = <T>(op: Operation, call: () => Promise<T>) => Promise<T>

export function measuredBackend(backend: StateBackend, measurements: Measurements): StateBackend {
  const measure: Measure = async (op, call) => {
    const begun = stopwatch()
    try {
      return await call()
    } catch (error) {
      const reason = error instanceof StreamsError ? error.code : 'bug'
      measurements.cell('streams_store_errors_total', { op, reason }).value++
      throw error
    } finally {
      measurements.histogram('streams_store_op_duration_seconds', { op }).observe(stopwatch() - begun)
    }
  }
  return {
    kind: backend.kind,
    isShared: backend.isShared,
    open: (task, changelogTopic, stores) => new MeasuredState(backend.open(task, changelogTopic, stores), measure),
    view: (task, changelogTopic, stores) => backend.view(task, changelogTopic, stores),
    close: () => backend.close(),
  }
}

class MeasuredState implements TaskState {
  readonly isResident: boolean
  private readonly state: TaskState
  private readonly measure: Measure

  constructor(state: TaskState, measure: Measure) {
    this.isResident = state.isResident
    this.state = state
    this.measure = measure
  }

  checkpoint(): Promise<Checkpoint | undefined> {
    return this.measure('checkpoint', () => this.state.checkpoint())
  }

  claim(claim: Parameters<TaskState['claim']>[0]): Promise<Checkpoint> {
    return this.measure('claim', () => this.state.claim(claim))
  }

  wipe(token: number, topicId: string): Promise<Checkpoint> {
    return this.measure('claim', () => this.state.wipe(token, topicId))
  }

  load(at: Parameters<TaskState['load']>[0], store: string, keys: readonly Buffer[]): Promise<void> | undefined {
    if (this.isResident) return this.state.load(at, store, keys)
    return this.measure('load', async () => this.state.load(at, store, keys))
  }

  get(store: string, key: Buffer, keyStart: number, keyEnd: number): Buffer | undefined {
    return this.state.get(store, key, keyStart, keyEnd)
  }

  apply(changes: Changes, move: CheckpointMove): Promise<void> {
    return this.measure('apply', () => this.state.apply(changes, move))
  }

  walk(store: string, starts?: StartRange): StateWalk {
    const walk = this.state.walk(store, starts)
    return { next: (most, visit) => this.measure('scan', () => walk.next(most, visit)) }
  }

  entries(store: string): number {
    return this.state.entries(store)
  }

  bytes(store: string): number {
    return this.state.bytes(store)
  }

  close(): Promise<void> {
    return this.state.close()
  }
}
