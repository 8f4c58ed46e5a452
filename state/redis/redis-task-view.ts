// A task's state in Redis as anybody may look at it: one script a look, so that values and position belong together.
import type { StateReading, StateView } from '../backend.ts'
import { ReadChunk } from './read-chunks.ts'
import type { RedisConnection } from './redis-connection.ts'
import { asStreamsError } from './redis-errors.ts'
import type { StoreLayout } from './store-layout.ts'
import { readCheckpoint } from './stored-checkpoint.ts'

export class RedisTaskView implements StateView {
  private readonly connection: RedisConnection
  private readonly key: string
  private readonly layout: StoreLayout

  constructor(connection: RedisConnection, key: string, layout: StoreLayout) {
    this.connection = connection
    this.key = key
    this.layout = layout
  }

  async read(store: string, keys: readonly Buffer[]): Promise<StateReading | undefined> {
    const asked = new ReadChunk()
    for (const key of keys) asked.add(this.layout.hashName(store, key, 0, key.length), key)
    try {
      const answer = await this.connection.view(this.key, ...asked.scriptArguments())
      if (answer === undefined) return undefined
      const values: (Buffer | undefined)[] = []
      asked.readAnswer([answer.lengths, answer.values], (_, value, start, end) =>
        values.push(value?.subarray(start, end)),
      )
      return { checkpoint: readCheckpoint(answer.fields), values }
    } catch (error) {
      throw asStreamsError(error, `the state of ${this.key} in Redis`)
    }
  }
}
