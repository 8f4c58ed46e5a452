// The topology as people look at it: a topic is one shape, whoever writes and reads it; steps, stores and tables stand in the box of their sub-topology.
import type {
  CompiledTopology,
  Edge,
  OperatorNode,
  ProcessingNode,
  SourceNode,
  Subtopology,
} from '../../topology/graph.ts'

export type ShapeKind = 'topic' | 'dead letters' | 'step' | 'table'

export interface Shape {
  readonly id: string
  readonly kind: ShapeKind
  readonly label: string
  /** What it is, in words. */
  readonly caption: string
  /** The sub-topology whose box it stands in; topics stand between the boxes. */
  readonly subtopology: number | undefined
  readonly stores: readonly string[]
  /** Nodes of the snapshot whose `in` (for topics: what is written) and `out` (read) this shape shows. */
  readonly inOf: readonly string[]
  readonly outOf: readonly string[]
}

export interface Connection {
  readonly from: string
  readonly to: string
  /** Dead letters are drawn apart from the stream. */
  readonly kind: 'stream' | 'dead letters'
}

export interface DrawnGraph {
  readonly shapes: readonly Shape[]
  readonly connections: readonly Connection[]
}

export function drawnGraph(topology: CompiledTopology): DrawnGraph {
  const steps = topology.subtopologies.flatMap(({ id, nodes }) => nodes.flatMap((node) => shapeOf(node, id)))
  const connections = topology.subtopologies.flatMap(connectionsOf)
  const letters = deadLetterConnections(topology)
  const all = unique([...connections, ...letters])
  const touched = new Set(all.flatMap(({ from, to }) => [from, to]))
  const topics = topology.topics.filter(({ role }) => role !== 'changelog').map((topic) => topicShape(topic, topology))
  return { shapes: [...topics.filter(({ id }) => touched.has(id)), ...steps], connections: all }
}

function shapeOf(node: ProcessingNode, subtopology: number): Shape[] {
  const shape = { id: `node ${node.name}`, label: node.name, subtopology, inOf: [node.name], outOf: [node.name] }
  switch (node.kind) {
    case 'operator':
      return [{ ...shape, kind: 'step', ...stepWords(node), stores: node.stores.map(({ name }) => name) }]
    case 'sink':
      return [{ ...shape, kind: 'table', label: node.table.name, caption: node.table.kind, stores: [], outOf: [] }]
    case 'write':
      return []
  }
}

/** `toTable-cases` reads better as `toTable` over `cases`. */
function stepWords({ name, operation }: OperatorNode): Pick<Shape, 'label' | 'caption'> {
  const prefix = `${operation}-`
  if (!name.startsWith(prefix)) return { label: name, caption: operation }
  return { label: operation, caption: name.slice(prefix.length) }
}

function topicShape({ name, role }: CompiledTopology['topics'][number], topology: CompiledTopology): Shape {
  const writers = topology.subtopologies.flatMap(({ nodes }) => nodes).filter((node) => writes(node, name))
  const readers = allSources(topology).filter(({ topic }) => topic.name === name)
  return {
    id: `topic ${name}`,
    ...(role === 'dead-letters'
      ? { kind: 'dead letters', label: 'dead letters', caption: name }
      : { kind: 'topic', label: name, caption: `${role} topic` }),
    subtopology: undefined,
    stores: [],
    inOf: writers.map((writer) => writer.name),
    outOf: readers.map((reader) => reader.name),
  }
}

function writes(node: ProcessingNode, topic: string): boolean {
  return node.kind === 'write' && node.topic.name === topic
}

function allSources({ subtopologies, globalTables }: CompiledTopology): readonly SourceNode[] {
  return [...subtopologies.flatMap(({ sources }) => sources), ...globalTables]
}

function connectionsOf({ sources, nodes }: Subtopology): Connection[] {
  const fromSources = sources.flatMap(({ topic, children }) => connectionsFrom(`topic ${topic.name}`, children))
  return [...fromSources, ...nodes.flatMap((node) => connectionsFrom(`node ${node.name}`, node.children))]
}

function connectionsFrom(from: string, children: readonly Edge[]): Connection[] {
  return children.map(({ node }) => ({ from, to: idOf(node), kind: 'stream' }))
}

function idOf(node: ProcessingNode): string {
  return node.kind === 'write' ? `topic ${node.topic.name}` : `node ${node.name}`
}

/** Rejected records leave where the outside world comes in: from the first step behind a source topic. */
function deadLetterConnections({ subtopologies, topics, deadLetters }: CompiledTopology): Connection[] {
  const targets = new Set(
    [...topics.filter(({ role }) => role === 'dead-letters'), deadLetters].map(({ name }) => name),
  )
  const entrances = subtopologies
    .filter(({ kind }) => kind === 'stream')
    .flatMap(({ sources }) => sources.filter(({ topic }) => topic.role === 'source'))
    .flatMap(({ children }) => children.slice(0, 1))
  return entrances.flatMap(({ node }) =>
    [...targets].map((name) => ({ from: idOf(node), to: `topic ${name}`, kind: 'dead letters' as const })),
  )
}

function unique(connections: readonly Connection[]): Connection[] {
  const byEnds = new Map(connections.map((connection) => [`${connection.from}\n${connection.to}`, connection]))
  return [...byEnds.values()]
}
