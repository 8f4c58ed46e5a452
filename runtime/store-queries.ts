// What others may ask of an application's stores: which there are, and what one holds under a key. It reads copies as they are and owns none.
import type { Clock } from '../core/clock.ts'
import { BadRecord, Retriable, StreamsError } from '../core/errors.ts'
import { partitionFor } from '../kafka/partitioner.ts'
import { type AvroJson, avroSchema } from '../serdes/avro-schema.ts'
import { keyFromText } from '../serdes/text-key.ts'
import type { StateBackend } from '../state/backend.ts'
import type { StoreDefinition } from '../state/definitions.ts'
import { askCopy, keyBytes } from '../state/query.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import { decodeMarker } from './marker.ts'
import type { Task } from './task.ts'

export interface StoreSummary {
  readonly store: string
  readonly kind: StoreDefinition['kind']
  /** As Avro. */
  readonly key: AvroJson
  readonly value: AvroJson
  readonly subtopology: number
  readonly partitions: number
  /** Partitions that can be asked here. */
  readonly here: readonly number[]
}

export interface StoreRequest {
  readonly store: string
  /** Text and ids as they are, other keys as JSON. */
  readonly key: string
  /** Of a window store: starts of windows, ms UTC, from the first to before the second. */
  readonly from?: number | undefined
  readonly to?: number | undefined
}

export interface StoreAnswer {
  readonly store: string
  /** One for each partition that holds the key: mostly there is one. */
  readonly found: readonly {
    readonly partition: number
    /** The answer reflects the changelog below this offset … */
    readonly offset: number
    /** … and is complete up to this event time, ms UTC; null before the first. */
    readonly streamTime: number | null
    readonly value: unknown
  }[]
}

export interface StoreQueries {
  list(): readonly StoreSummary[]
  /** @throws StreamsError `unknown_store`, `bad_key`, `bad_range`, `no_such_key`, `kept_elsewhere`; Retriable when asking again may help. */
  find(request: StoreRequest): Promise<StoreAnswer>
}

const WINDOWS_MAX = 1_000
const ATTEMPTS_MAX = 5
const PAUSE_MS = 20

export class ApplicationStores implements StoreQueries {
  private readonly topology: CompiledTopology
  private readonly backend: StateBackend
  private readonly clock: Clock
  private readonly tasks: () => readonly Task[]

  /** `tasks`: those that run in this process. */
  constructor(topology: CompiledTopology, backend: StateBackend, clock: Clock, tasks: () => readonly Task[]) {
    this.topology = topology
    this.backend = backend
    this.clock = clock
    this.tasks = tasks
  }

  list(): readonly StoreSummary[] {
    return this.topology.subtopologies.flatMap((subtopology) =>
      subtopology.stores.map(({ name, kind, key, value }) => ({
        store: name,
        kind,
        key: avroSchema(key),
        value: avroSchema(value),
        subtopology: subtopology.id,
        partitions: subtopology.partitions,
        here: this.partitionsHere(subtopology),
      })),
    )
  }

  async find(request: StoreRequest): Promise<StoreAnswer> {
    const { store, subtopology } = this.storeNamed(request.store)
    const question = { store, key: keyOf(request, store), starts: startsOf(request, store) }
    const here = this.partitionsHere(subtopology)
    const answers = await Promise.all(
      here.map(async (partition) => {
        const task = { subtopology: subtopology.id, partition }
        const view = this.backend.view(task, subtopology.changelog?.name ?? '', subtopology.stores)
        return { partition, reading: await this.patiently(() => askCopy(view, question)) }
      }),
    )
    const found = answers.flatMap(({ partition, reading }) => {
      if (reading?.value === undefined) return []
      const { offset, marker } = reading.checkpoint
      return [{ partition, offset, streamTime: decodeMarker(marker).watermark, value: reading.value }]
    })
    if (found.length > 0) return { store: store.name, found }
    const bytes = keyBytes(store, question.key)
    throw notFound(request, partitionFor(bytes, 0, bytes.length, subtopology.partitions), subtopology, here)
  }

  private storeNamed(name: string): { readonly store: StoreDefinition; readonly subtopology: Subtopology } {
    for (const subtopology of this.topology.subtopologies)
      for (const store of subtopology.stores) if (store.name === name) return { store, subtopology }
    const names = this.topology.subtopologies.flatMap(({ stores }) => stores.map((store) => store.name))
    throw new StreamsError('unknown_store', `there is no store ${name}; there are ${names.join(', ') || 'none'}`)
  }

  private partitionsHere({ id, partitions }: Subtopology): readonly number[] {
    if (this.backend.isShared) return Array.from({ length: partitions }, (_, partition) => partition)
    return this.tasks().flatMap(({ task }) => (task.subtopology === id ? [task.partition] : []))
  }

  /** A flush takes moments. */
  private async patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask()
      } catch (error) {
        if (!(error instanceof Retriable) || error.code !== 'state_moving' || attempt === ATTEMPTS_MAX) throw error
        await this.clock.sleep(PAUSE_MS)
      }
    }
  }
}

function keyOf({ key }: StoreRequest, store: StoreDefinition): unknown {
  try {
    return keyFromText(key, store.key)
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error
    const wanted = JSON.stringify(avroSchema(store.key))
    throw new StreamsError('bad_key', `${store.name} has keys of ${wanted}, written as JSON: ${error.message}`)
  }
}

function startsOf({ from, to }: StoreRequest, { kind, name, startsWithin }: StoreDefinition): readonly number[] {
  if (kind !== 'window store') {
    if (from === undefined && to === undefined) return []
    throw new StreamsError('bad_range', `${name} is a ${kind}: it knows no from and to`)
  }
  if (from === undefined || to === undefined)
    throw new StreamsError('bad_range', `${name} holds windows: say which ones by their starts, with from and to`)
  const starts = startsWithin?.({ from, to }, WINDOWS_MAX + 1) ?? []
  if (starts.length <= WINDOWS_MAX) return starts
  throw new StreamsError('bad_range', `from and to span more than ${WINDOWS_MAX} windows of ${name}`)
}

/** Which partition a key belongs to is known as long as the topic's producers place records as Kafka's own do. */
function notFound(
  { store, key }: StoreRequest,
  partition: number,
  { partitions }: Subtopology,
  here: readonly number[],
): StreamsError {
  const nothing = `${store} has nothing under ${JSON.stringify(key)}`
  if (here.length === partitions) return new StreamsError('no_such_key', nothing)
  const asked = `${nothing} in the partitions that this process runs (${here.join(', ') || 'none'} of ${partitions})`
  if (here.includes(partition)) return new StreamsError('no_such_key', asked)
  return new StreamsError(
    'kept_elsewhere',
    `${asked}; by its key it belongs to partition ${partition}, which is in the memory of another process or being restored: ask there`,
  )
}
