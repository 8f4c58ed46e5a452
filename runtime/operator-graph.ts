// Runs the operators of one task over arrays of records, parents before children, and hands what leaves to the writers.

import { assert } from '../core/assert.ts'
import { BadRecord, StreamsError } from '../core/errors.ts'
import type { StreamRecord } from '../core/stream-record.ts'
import type { Batch, Operator, Progress, TaskContext } from '../processors/operator.ts'
import type {
  Edge,
  OperatorNode,
  ProcessingNode,
  SinkNode,
  SourceNode,
  Subtopology,
  WriteNode,
} from '../topology/graph.ts'
import type { Accounting } from './accounting.ts'
import type { Marker } from './marker.ts'
import type { NodeObserver } from './node-observer.ts'

/** Where records leave the graph. */
export interface Exits {
  write(node: WriteNode, record: StreamRecord): void
  sink(node: SinkNode, record: StreamRecord): void
}

/** Where the graph tells what becomes of its records, and how long it takes. */
export interface GraphRecords {
  readonly accounting: Accounting
  readonly observer: NodeObserver
}

export class OperatorGraph {
  private readonly operators = new Map<OperatorNode, Operator>()
  private readonly context: TaskContext
  private readonly accounting: Accounting
  private readonly observer: NodeObserver
  private readonly exits: Exits
  private readonly isSink: boolean
  private readonly isAfterTable: boolean
  /** Which node has more to close; those before it are done with the watermark. */
  closingNode: string | undefined

  constructor(subtopology: Subtopology, context: TaskContext, { accounting, observer }: GraphRecords, exits: Exits) {
    this.context = context
    this.accounting = accounting
    this.observer = observer
    this.exits = exits
    this.isSink = subtopology.kind === 'sink'
    this.isAfterTable = subtopology.stores.length > 0
    for (const node of subtopology.nodes)
      if (node.kind === 'operator') this.operators.set(node, node.instantiate(context))
  }

  /** Rebuilds what operators derive from their stores, and where closing stood; the marker is the last commit's. */
  async restore({ open, watermark, closing }: Marker): Promise<void> {
    this.closingNode = closing?.node
    let advancedTo = watermark
    for (const [{ name }, operator] of this.operators) {
      if (closing?.node === name) advancedTo = closing.from
      await operator.restore?.(open[name], advancedTo ?? Number.NEGATIVE_INFINITY)
    }
  }

  openSpans(): Marker['open'] {
    return Object.fromEntries(
      [...this.operators].flatMap(([{ name }, operator]) => {
        const open = operator.openSpan?.()
        return open === undefined ? [] : [[name, open]]
      }),
    )
  }

  async run(source: SourceNode, batch: Batch): Promise<void> {
    this.accounting.add(source.name, 'out', batch.length)
    for (const { node } of source.children) await this.runNode(node, batch)
  }

  /**
   * What a moved watermark releases: closed windows, event-time punctuations. One operator after the other, each until it is done:
   * as long as there is more, it is to be called again at the next commit, and goes on where it stopped.
   */
  async advance(watermark: number): Promise<Progress> {
    const operators = [...this.operators]
    const from = operators.findIndex(([{ name }]) => name === this.closingNode)
    for (const [node, operator] of operators.slice(Math.max(0, from))) {
      let progress: Progress | undefined
      await this.emitFrom(node, async (outputs) => {
        progress = await operator.advance?.(watermark, outputs)
      })
      this.closingNode = progress === 'more' ? node.name : undefined
      if (progress === 'more') return progress
    }
    return 'done'
  }

  async tick(now: number): Promise<void> {
    for (const [node, operator] of this.operators) await this.emitFrom(node, (outputs) => operator.tick?.(now, outputs))
  }

  /** What was coalesced since the last commit. Parents come first, so what they emit is coalesced by their children too. */
  async flush(): Promise<void> {
    for (const [node, operator] of this.operators) await this.emitFrom(node, (outputs) => operator.flush?.(outputs))
  }

  /** Windows that are not closed, by node. */
  openWindows(): Record<string, number> {
    const open: Record<string, number> = {}
    for (const [{ name }, { openWindows }] of this.operators) if (openWindows !== undefined) open[name] = openWindows
    return open
  }

  private async emitFrom(
    node: OperatorNode,
    emit: (outputs: StreamRecord[][]) => Promise<void> | void | undefined,
  ): Promise<void> {
    const outputs = emptyOutputs(node.children)
    await emit(outputs)
    await this.deliver(node, outputs)
  }

  private async runNode(node: ProcessingNode, batch: Batch): Promise<void> {
    if (batch.length === 0) return
    this.accounting.add(node.name, 'in', batch.length)
    if (node.kind === 'operator')
      return this.runOperator(node, this.isSink ? this.withoutTombstones(node, batch) : batch)
    for (const record of batch) this.leave(node, record)
  }

  private async runOperator(node: OperatorNode, batch: Batch): Promise<void> {
    const operator = this.operators.get(node)
    assert(operator !== undefined, `operator ${node.name} belongs to another sub-topology`)
    const keyed = node.stores.length > 0 ? this.withKeys(node, batch) : batch
    const outputs = emptyOutputs(node.children)
    const begun = this.observer.begin()
    const loading = operator.prepare?.(keyed)
    if (loading !== undefined) await loading
    operator.process(keyed, outputs)
    this.observer.end(node.name, begun)
    await this.deliver(node, outputs)
  }

  private async deliver(node: OperatorNode, outputs: StreamRecord[][]): Promise<void> {
    for (const batch of outputs) if (batch.length > 0) this.accounting.add(node.name, 'out', batch.length)
    for (const { port, node: child } of node.children) await this.runNode(child, outputs[port] ?? [])
  }

  /** In front of a sink null values pass, for tables that delete; the steps of a stream never see them. */
  private withoutTombstones({ name }: OperatorNode, batch: Batch): Batch {
    const values = batch.filter(({ value }) => value !== undefined)
    if (values.length < batch.length) this.accounting.add(name, 'tombstone', batch.length - values.length)
    return values
  }

  /** A record without a key has no place in a keyed store. */
  private withKeys(node: OperatorNode, batch: Batch): Batch {
    if (batch.every(({ key }) => key !== undefined && key !== null)) return batch
    return batch.filter((record) => {
      const hasKey = record.key !== undefined && record.key !== null
      if (!hasKey)
        this.context.deadLetter(record, { node: node.name, reason: 'null_key', message: 'a keyed step needs a key' })
      return hasKey
    })
  }

  private leave(node: WriteNode | SinkNode, record: StreamRecord): void {
    try {
      if (node.kind === 'write') this.exits.write(node, record)
      else this.exits.sink(node, record)
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error
      // A table in front has already taken the record: leaving it out behind would falsify every later change.
      if (this.isAfterTable && node.kind === 'write' && node.topic.role === 'repartition')
        throw new StreamsError('output_rejected', `${node.name} cannot write: ${error.message}`, { cause: error })
      this.context.deadLetter(record, { node: node.name, reason: error.code, message: error.message })
    }
  }
}

function emptyOutputs(children: readonly Edge[]): StreamRecord[][] {
  const ports = children.reduce((most, { port }) => Math.max(most, port), 0)
  return Array.from({ length: ports + 1 }, () => [])
}
