// What memory holds of one task: its checkpoint and a byte table per store, changed only by who shows the right token, offset and chunk.
import { Retriable, StateCorrupted, TaskFenced } from '../../core/errors.ts'
import type { Changes, Checkpoint, CheckpointMove, StateReading } from '../backend.ts'
import { ByteTable } from './byte-table.ts'

export class TaskCopy {
  readonly stores = new Map<string, ByteTable>()
  checkpoint: Checkpoint | undefined
  /** Chunks applied of a flush whose last one has not come; more than 0 between flushes means that it was torn. */
  private chunksApplied = 0

  claim(claim: { readonly token: number; readonly topicId: string; readonly logEnd: number }): Checkpoint {
    const { checkpoint } = this
    if (checkpoint?.topicId !== claim.topicId) return this.begin(claim.token, claim.topicId)
    if (checkpoint.token > claim.token) throw fencedBy(checkpoint, claim.token)
    if (checkpoint.offset > claim.logEnd) return this.begin(claim.token, claim.topicId)
    this.chunksApplied = 0
    this.checkpoint = { ...checkpoint, token: claim.token }
    return this.checkpoint
  }

  /** A new empty generation at offset 0. */
  wipe(token: number, topicId: string): Checkpoint {
    const { checkpoint } = this
    if (checkpoint?.topicId === topicId && checkpoint.token > token) throw fencedBy(checkpoint, token)
    return this.begin(token, topicId)
  }

  requireWhole(at: { readonly token: number; readonly offset: number }): void {
    this.require(at.token, at.offset, 0)
  }

  /** Whoever asks. */
  read(store: string, keys: readonly Buffer[]): StateReading | undefined {
    const { checkpoint, chunksApplied } = this
    if (chunksApplied > 0) throw new Retriable('state_moving', 'the state is being flushed')
    const table = this.stores.get(store)
    const copied = (value: Buffer | undefined) => value && Buffer.from(value)
    return checkpoint && { checkpoint, values: keys.map((key) => copied(table?.get(key, 0, key.length))) }
  }

  /** Chunk by chunk, from 0: later calls of the same flush find what earlier ones did, or are refused. */
  applyChunk(changes: Changes, move: CheckpointMove, chunk: number): void {
    if (this.checkpoint !== undefined && this.checkpoint.token > move.token) throw fencedBy(this.checkpoint, move.token)
    this.require(move.token, move.from, chunk)
    changes.forEach((store, key, keyStart, keyEnd, value, valueStart, valueEnd) => {
      const table = this.table(store)
      if (value === undefined) table.delete(key, keyStart, keyEnd)
      else table.put(key, keyStart, keyEnd, value, valueStart, valueEnd)
    })
    this.chunksApplied = chunk + 1
  }

  /** The end of a flush. */
  finish(move: CheckpointMove): void {
    if (this.checkpoint === undefined) return
    this.chunksApplied = 0
    this.checkpoint = {
      token: move.token,
      offset: move.to,
      topicId: this.checkpoint.topicId,
      marker: move.marker === undefined ? undefined : Buffer.from(move.marker),
      writer: move.writer,
      appendedAt: move.appendedAt,
    }
  }

  table(store: string): ByteTable {
    let table = this.stores.get(store)
    if (table === undefined) {
      table = new ByteTable()
      this.stores.set(store, table)
    }
    return table
  }

  private begin(token: number, topicId: string): Checkpoint {
    this.stores.clear()
    this.chunksApplied = 0
    this.checkpoint = { token, offset: 0, topicId, marker: undefined, writer: undefined, appendedAt: 0 }
    return this.checkpoint
  }

  private require(token: number, offset: number, chunk: number): void {
    const { checkpoint } = this
    if (checkpoint?.token === token && checkpoint.offset === offset && this.chunksApplied === chunk) return
    const there = checkpoint === undefined ? 'nothing' : `token ${checkpoint.token}, offset ${checkpoint.offset}`
    throw new StateCorrupted(
      'state_mismatch',
      `the state in memory has ${there}, chunk ${this.chunksApplied}; wanted are token ${token}, offset ${offset}, chunk ${chunk}`,
    )
  }
}

function fencedBy(checkpoint: Checkpoint, token: number): TaskFenced {
  return new TaskFenced('task_fenced', `the state was claimed with token ${checkpoint.token}, ours is ${token}`)
}
