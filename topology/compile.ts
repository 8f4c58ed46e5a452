// Makes tasks of steps: what is connected without a topic between is one sub-topology, and each partition of it is one task.
import { assert } from '../core/assert.ts'
import { StreamsError } from '../core/errors.ts'
import type { SubjectStrategy } from '../serdes/subject.ts'
import type { StoreDefinition } from '../state/definitions.ts'
import { requireOneStoreAName, requireSamePartitions, requireSameReading, requireSinkOnly } from './checks.ts'
import { splitComponents } from './components.ts'
import type { CompiledTopology, Edge, PhysicalTopic, ProcessingNode, SourceNode, Subtopology } from './graph.ts'
import { PhysicalTopics, physicalName } from './physical-topics.ts'
import type { AnyTopic, Expiry, SourceStep, Step, TopicUse } from './steps.ts'
import { hashOf } from './topology-hash.ts'

export interface StepsToCompile {
  readonly app: string
  readonly steps: readonly Step[]
  readonly deadLetters: AnyTopic
  /** Of topics that name no strategy of their own. */
  readonly subjects: SubjectStrategy
}

export function compile({ app, steps, deadLetters, subjects }: StepsToCompile): CompiledTopology {
  requireOneStoreAName(steps)
  const written = new Set(
    steps.flatMap((step) => (step.kind === 'write' ? [physicalName(app, step.topic, step.use)] : [])),
  )
  const topics = new PhysicalTopics(app, subjects, (topic, use) => roleOf(app, topic, use, written))
  const nodes = new Nodes(steps, topics)
  const components = splitComponents(steps)
  for (const step of steps) {
    if (step.kind === 'source' || step.kind === 'write') topics.of(step.topic, step.use)
    if (step.kind === 'operator' && step.deadLetters !== undefined) topics.of(step.deadLetters, 'external')
  }
  const deadLetterTopic = topics.of(deadLetters, 'external')
  const globalTables = nodes.sources(
    steps.filter((step): step is SourceStep => step.kind === 'source' && step.as === 'global table'),
  )
  const drafts = components.map((component, id) => draft(app, id, component, nodes))
  const subtopologies = drafts.map((one) => ({ ...one, upstream: upstreamOf(one, drafts) }))
  const changelogs = subtopologies.flatMap(({ changelog }) => (changelog === undefined ? [] : [changelog]))
  return {
    name: app,
    hash: hashOf(app, steps),
    subtopologies,
    globalTables,
    topics: [...topics.all, ...changelogs],
    deadLetters: deadLetterTopic,
  }
}

function roleOf(app: string, topic: AnyTopic, use: TopicUse, written: ReadonlySet<string>): PhysicalTopic['role'] {
  if (topic.kind === 'dead-letter topic') return 'dead-letters'
  if (use === 'internal') return 'repartition'
  return written.has(physicalName(app, topic, use)) ? 'output' : 'source'
}

/** Nodes of steps, each made once, children before parents. */
class Nodes {
  private readonly topics: PhysicalTopics
  private readonly readers = new Map<Step, { readonly step: Step; readonly port: number }[]>()
  private readonly made = new Map<Step, ProcessingNode>()
  private readonly expiries: readonly Expiry[]

  constructor(steps: readonly Step[], topics: PhysicalTopics) {
    this.topics = topics
    this.expiries = steps.flatMap((step) =>
      step.kind === 'operator' && step.expiry !== undefined ? [step.expiry] : [],
    )
    for (const step of steps)
      for (const input of step.inputs) {
        const readers = this.readers.get(input.step) ?? []
        readers.push({ step, port: input.port })
        this.readers.set(input.step, readers)
      }
  }

  /** One node a topic, whatever number of steps read it */
  sources(steps: readonly SourceStep[]): SourceNode[] {
    const byTopic = new Map<string, SourceStep[]>()
    for (const step of steps) byTopic.set(step.topic.name, [...(byTopic.get(step.topic.name) ?? []), step])
    return [...byTopic.values()].map((readers) => this.source(readers))
  }

  private source([first, ...others]: readonly SourceStep[]): SourceNode {
    assert(first !== undefined, 'a source node is made of at least one step')
    const { name, topic, use, as } = first
    return {
      kind: 'source',
      name,
      children: [first, ...others].flatMap((step) => this.children(step)),
      topic: this.topics.of(topic, use),
      as,
      timestamp: topic.kind === 'topic' && use === 'external' ? topic.timestamp : undefined,
      readsDeadLetters: topic.kind === 'dead-letter topic',
    }
  }

  processing(step: Exclude<Step, SourceStep>): ProcessingNode {
    const made = this.made.get(step)
    if (made !== undefined) return made
    const node = this.make(step)
    this.made.set(step, node)
    return node
  }

  private make(step: Exclude<Step, SourceStep>): ProcessingNode {
    const { name } = step
    const children = this.children(step)
    if (step.kind === 'write') return { kind: 'write', name, children, topic: this.topics.of(step.topic, step.use) }
    if (step.kind === 'sink') return { kind: 'sink', name, children, table: step.table, toRow: step.toRow }
    const { operation, stores, globalTables, onError, instantiate } = step
    const listeners = new Set(children.map(({ port }) => port))
    const expiries = this.expiries.filter(({ table }) => table === step)
    return {
      kind: 'operator',
      name,
      children,
      operation,
      stores,
      globalTables,
      onError,
      instantiate: (context) => instantiate(context, { node: name, listeners, expiries }),
    }
  }

  private children(step: Step): Edge[] {
    return (this.readers.get(step) ?? []).flatMap(({ step: reader, port }) =>
      reader.kind === 'source' ? [] : [{ port, node: this.processing(reader) }],
    )
  }
}

type Draft = Omit<Subtopology, 'upstream'>

function draft(app: string, id: number, steps: readonly Step[], nodes: Nodes): Draft {
  const sourceSteps = steps.filter((step) => step.kind === 'source')
  const isSink = steps.some((step) => step.kind === 'sink')
  if (isSink) requireSinkOnly(steps)
  requireSameReading(sourceSteps)
  const sources = nodes.sources(sourceSteps)
  const partitions = requireSamePartitions(sources)
  return {
    id,
    kind: isSink ? 'sink' : 'stream',
    sources,
    nodes: steps.flatMap((step) => (step.kind === 'source' ? [] : [nodes.processing(step)])),
    stores: storesOf(steps),
    partitions,
    changelog: isSink ? undefined : changelogOf(app, sourceSteps[0]?.topic.name, partitions),
  }
}

function changelogOf(app: string, source: string | undefined, partitions: number): PhysicalTopic {
  const name = `${app}-${source}-changelog`
  const none = () => Promise.reject(new StreamsError('topology', `${name} is written by the engine only`))
  return { name, partitions, role: 'changelog', config: {}, serdes: none }
}

function storesOf(steps: readonly Step[]): readonly StoreDefinition[] {
  const stores = steps.flatMap((step) => (step.kind === 'operator' ? step.stores : []))
  return [...new Set(stores)]
}

function upstreamOf({ sources }: Draft, all: readonly Draft[]): number[] {
  const read = new Set(sources.map(({ topic }) => topic))
  return all
    .filter(({ nodes }) =>
      nodes.some((node) => node.kind === 'write' && node.topic.role === 'repartition' && read.has(node.topic)),
    )
    .map(({ id }) => id)
}
