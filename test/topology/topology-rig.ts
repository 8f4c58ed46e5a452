// Runs one partition of each sub-topology over arrays of records, with clocks and watermarks set by the test. Topics between are real bytes.
import { ByteWriter } from '../../core/byte-writer.ts'
import { type RecordContext, StreamRecord } from '../../core/stream-record.ts'
import type { Operator, Outcome, Progress, TaskContext } from '../../processors/operator.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import type { TaskState } from '../../state/backend.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { TaskStores } from '../../state/task-stores.ts'
import type {
  CompiledTopology,
  Edge,
  OperatorNode,
  ProcessingNode,
  Subtopology,
  TopicSerdes,
} from '../../topology/graph.ts'

export interface Written {
  readonly key: unknown
  readonly value: unknown
  readonly timestamp: number
  readonly clock: number
}

export interface InputRecord {
  readonly key: unknown
  readonly value: unknown
  readonly at: number
  /** Default: the highest time so far. */
  readonly clock?: number
}

export class TopologyRig {
  readonly counts: Record<string, number> = {}
  readonly deadLetters: { readonly node: string; readonly reason: string; readonly message: string }[] = []
  readonly globalTables = new Map<string, Map<unknown, unknown>>()
  watermark = Number.NEGATIVE_INFINITY
  windowsAtOnce = 1_000
  private readonly serdes: ReadonlyMap<string, TopicSerdes>
  private readonly tasks: readonly RigTask[]
  private readonly written = new Map<string, Written[]>()
  private clock = Number.NEGATIVE_INFINITY

  private constructor(topology: CompiledTopology, serdes: ReadonlyMap<string, TopicSerdes>) {
    this.serdes = serdes
    for (const { topic } of topology.globalTables) this.globalTables.set(topic.name, new Map())
    this.tasks = topology.subtopologies.filter(({ kind }) => kind === 'stream').map((one) => new RigTask(one, this))
  }

  static async open(topology: CompiledTopology): Promise<TopologyRig> {
    const serdes = new Map<string, TopicSerdes>()
    for (const topic of topology.topics)
      if (topic.role !== 'changelog') serdes.set(topic.name, await topic.serdes(registry()))
    return new TopologyRig(topology, serdes)
  }

  /** One batch into a topic, through to the stores and topics behind it; results wait for `commit`. */
  async pipe(topic: string, ...records: readonly InputRecord[]): Promise<void> {
    const batch = records.map(({ key, value, at, clock }, row) => {
      this.clock = Math.max(this.clock, clock ?? at)
      return StreamRecord.of(key, value, at, clock ?? this.clock, 0, row)
    })
    await this.deliver(topic, batch)
  }

  /** Closes what the watermark allows, then sends what has changed; as often as there is more to close. */
  async commit(watermark = this.watermark, between: () => Promise<void> = async () => {}): Promise<void> {
    this.watermark = watermark
    for (const task of this.tasks) while ((await task.commit(watermark)) === 'more') await between()
  }

  /** Takes what was written to a topic since the last call. */
  take(topic: string): Written[] {
    const records = this.written.get(topic) ?? []
    this.written.delete(topic)
    return records
  }

  /** Other operators over the same stores, as after a restart. */
  async restart(): Promise<void> {
    for (const task of this.tasks) await task.restart()
  }

  count(node: string, outcome: Outcome, by: number): void {
    const name = `${node} ${outcome}`
    this.counts[name] = (this.counts[name] ?? 0) + by
  }

  async write(topic: string, { key, value, timestamp, clock, ingestedAt }: StreamRecord): Promise<void> {
    const serdes = this.serdes.get(topic)
    if (serdes === undefined) throw new RangeError(`no topic ${topic}`)
    const copy = <T>(serde: TopicSerdes['key'], it: T) => {
      const bytes = new ByteWriter()
      serde.write(it, bytes)
      return serde.read(bytes.buffer, 0, bytes.position)
    }
    const decoded = { key: copy(serdes.key, key), value: value === undefined ? undefined : copy(serdes.value, value) }
    this.written.set(topic, [...(this.written.get(topic) ?? []), { ...decoded, timestamp, clock }])
    await this.deliver(topic, [StreamRecord.of(decoded.key, decoded.value, timestamp, clock, ingestedAt, 0)])
  }

  private async deliver(topic: string, batch: readonly StreamRecord[]): Promise<void> {
    for (const { key, value } of batch) this.globalTables.get(topic)?.set(key, value)
    for (const task of this.tasks) await task.read(topic, batch)
  }
}

class RigTask {
  private readonly subtopology: Subtopology
  private readonly rig: TopologyRig
  private readonly context: TaskContext
  private operators: ReadonlyMap<OperatorNode, Operator>

  constructor(subtopology: Subtopology, rig: TopologyRig) {
    this.subtopology = subtopology
    this.rig = rig
    const task = { subtopology: subtopology.id, partition: 0 }
    const state = new MemoryBackend().open(task, 'changelog')
    const whole = state.claim({ token: 1, topicId: 'log', logEnd: 0 })
    this.state = state
    this.stores = new TaskStores(subtopology.stores, state, () => ({ token: 1, offset: this.offset }))
    this.context = {
      task,
      stores: this.stores,
      get windowsAtOnce() {
        return rig.windowsAtOnce
      },
      watermark: () => rig.watermark,
      late: () => {},
      count: (node, outcome, by = 1) => rig.count(node, outcome, by),
      deadLetter: (_, { node, reason, message }) => void rig.deadLetters.push({ node, reason, message }),
      globalTable: (topic) => rig.globalTables.get(topic) ?? new Map(),
      place: (record): RecordContext => ({
        topic: 'input',
        partition: 0,
        offset: record.row,
        timestamp: record.timestamp,
        ingestedAt: 0,
      }),
    }
    this.operators = this.instantiate()
    this.ready = whole.then(() => undefined)
  }

  private readonly ready: Promise<void>
  private readonly state: TaskState
  private readonly stores: TaskStores
  private offset = 0

  async restart(): Promise<void> {
    const open = new Map([...this.operators].map(([node, operator]) => [node, operator.openSpan?.()]))
    this.operators = this.instantiate()
    for (const [node, operator] of this.operators) await operator.restore?.(open.get(node), this.rig.watermark)
  }

  async read(topic: string, batch: readonly StreamRecord[]): Promise<void> {
    await this.ready
    for (const source of this.subtopology.sources) {
      if (source.topic.name !== topic) continue
      const seen = source.as === 'stream' ? batch.filter(({ value }) => value !== undefined) : batch
      for (const { node } of source.children) await this.run(node, seen)
    }
  }

  async commit(watermark: number): Promise<Progress> {
    await this.ready
    let progress: Progress | undefined
    for (const [node, operator] of this.operators) {
      const outputs: StreamRecord[][] = []
      progress = await operator.advance?.(watermark, outputs)
      await this.forward(node.children, outputs)
      if (progress === 'more') break
    }
    for (const [node, operator] of this.operators) {
      const outputs: StreamRecord[][] = []
      operator.flush?.(outputs)
      await this.forward(node.children, outputs)
    }
    await this.flushState()
    return progress ?? 'done'
  }

  private async flushState(): Promise<void> {
    const move = { token: 1, from: this.offset, to: this.offset + 1 }
    await this.state.apply(this.stores.take(), { ...move, marker: undefined, writer: undefined, appendedAt: 0 })
    this.stores.clear()
    this.offset++
  }

  private instantiate(): ReadonlyMap<OperatorNode, Operator> {
    const nodes = this.subtopology.nodes.filter((node) => node.kind === 'operator')
    return new Map(nodes.map((node) => [node, node.instantiate(this.context)]))
  }

  private async run(node: ProcessingNode, batch: readonly StreamRecord[]): Promise<void> {
    if (node.kind === 'write') for (const record of batch) await this.rig.write(node.topic.name, record)
    if (node.kind !== 'operator' || batch.length === 0) return
    const operator = this.operators.get(node)
    const outputs: StreamRecord[][] = []
    await operator?.prepare?.(batch)
    operator?.process(batch, outputs)
    await this.forward(node.children, outputs)
  }

  private async forward(children: readonly Edge[], outputs: readonly StreamRecord[][]): Promise<void> {
    for (const { port, node } of children) await this.run(node, outputs[port] ?? [])
  }
}

function registry(): SchemaRegistry {
  const schemas: string[] = []
  return {
    register: async (_, schema) => schemas.push(schema),
    schemaById: async (id) => schemas[id - 1],
  }
}
