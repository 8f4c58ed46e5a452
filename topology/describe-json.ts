// The topology as plain data: what tools compare and pages draw.
import type { CompiledTopology, PhysicalTopic, ProcessingNode, SourceNode, Subtopology } from './graph.ts'

export interface NodeDescription {
  readonly kind: 'source' | 'operator' | 'write' | 'sink'
  readonly name: string
  readonly operation?: string
  readonly topic?: string
  readonly table?: string
  readonly stores?: readonly string[]
  readonly to: readonly string[]
}

export interface TopologyDescription {
  readonly name: string
  readonly hash: string
  readonly subtopologies: readonly {
    readonly id: number
    readonly kind: Subtopology['kind']
    readonly partitions: number
    readonly changelog: string | undefined
    readonly upstream: readonly number[]
    readonly nodes: readonly NodeDescription[]
  }[]
  readonly globalTables: readonly string[]
  readonly topics: readonly {
    readonly name: string
    readonly role: PhysicalTopic['role']
    readonly partitions: number
  }[]
  readonly deadLetters: string
}

export function describeJson(topology: CompiledTopology): TopologyDescription {
  const { name, hash, subtopologies, globalTables, topics, deadLetters } = topology
  return {
    name,
    hash,
    subtopologies: subtopologies.map(({ id, kind, partitions, changelog, upstream, sources, nodes }) => ({
      id,
      kind,
      partitions,
      changelog: changelog?.name,
      upstream,
      nodes: [...sources, ...nodes].map(nodeDescription),
    })),
    globalTables: globalTables.map(({ topic }) => topic.name),
    topics: topics.map((topic) => ({ name: topic.name, role: topic.role, partitions: topic.partitions })),
    deadLetters: deadLetters.name,
  }
}

function nodeDescription(node: SourceNode | ProcessingNode): NodeDescription {
  const { kind, name } = node
  const to = [...new Set(node.children.map((child) => child.node.name))]
  switch (node.kind) {
    case 'operator':
      return { kind, name, operation: node.operation, stores: node.stores.map((store) => store.name), to }
    case 'sink':
      return { kind, name, table: node.table.name, to }
    default:
      return { kind, name, topic: node.topic.name, to }
  }
}
