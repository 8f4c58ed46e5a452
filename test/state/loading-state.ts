// A memory state that shows only what was loaded, as a remote backend does: for tests of what loads.
import { assert } from '../../core/assert.ts'
import type { Changes, CheckpointMove, TaskState } from '../../state/backend.ts'

export class LoadingState implements TaskState {
  readonly isResident = false
  /** Keys of each load, in order, as latin1 text. */
  readonly loads: string[][] = []
  private readonly inner: TaskState
  private readonly readable = new Set<string>()

  constructor(inner: TaskState) {
    this.inner = inner
  }

  checkpoint = () => this.inner.checkpoint()
  claim = (claim: Parameters<TaskState['claim']>[0]) => this.inner.claim(claim)
  wipe = (token: number, topicId: string) => this.inner.wipe(token, topicId)
  walk = (...args: Parameters<TaskState['walk']>) => this.inner.walk(...args)
  entries = (store: string) => this.inner.entries(store)
  bytes = (store: string) => this.inner.bytes(store)
  close = () => this.inner.close()

  async load(at: { token: number; offset: number }, store: string, keys: readonly Buffer[]): Promise<void> {
    await this.inner.load(at, store, [])
    this.loads.push(keys.map((key) => key.toString('latin1')))
    for (const key of keys) this.readable.add(`${store} ${key.toString('latin1')}`)
  }

  get(store: string, key: Buffer, keyStart: number, keyEnd: number): Buffer | undefined {
    assert(
      this.readable.has(`${store} ${key.toString('latin1', keyStart, keyEnd)}`),
      'a key was read that was not loaded',
    )
    return this.inner.get(store, key, keyStart, keyEnd)
  }

  async apply(changes: Changes, move: CheckpointMove): Promise<void> {
    await this.inner.apply(changes, move)
    this.readable.clear()
  }
}
