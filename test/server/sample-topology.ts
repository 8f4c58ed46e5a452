// A compiled topology of the shape that the 311 application has, without its schemas and functions: for drawings, routes and the page.
import { t } from '../../serdes/schema.ts'
import { keyValueStore } from '../../state/store-definitions.ts'
import type {
  CompiledTopology,
  Edge,
  OperatorNode,
  PhysicalTopic,
  ProcessingNode,
  SinkNode,
  SourceNode,
  Subtopology,
  WriteNode,
} from '../../topology/graph.ts'

const partitions = 4

export function topicOf(name: string, role: PhysicalTopic['role']): PhysicalTopic {
  return { name, partitions, role, config: {}, serdes: () => Promise.reject(new Error(`${name} is a sample`)) }
}

export function sourceOf(name: string, topic: PhysicalTopic, ...children: ProcessingNode[]): SourceNode {
  return {
    kind: 'source',
    name,
    topic,
    as: 'stream',
    timestamp: undefined,
    readsDeadLetters: false,
    children: edges(children),
  }
}

export function stepOf(name: string, operation: string, stores: string[], ...children: ProcessingNode[]): OperatorNode {
  return {
    kind: 'operator',
    name,
    operation,
    stores: stores.map((store) => keyValueStore(store, { key: t.string, value: t.string })),
    instantiate: () => {
      throw new Error(`${name} is a sample`)
    },
    onError: 'fail',
    globalTables: [],
    children: edges(children),
  }
}

export function writeOf(name: string, topic: PhysicalTopic): WriteNode {
  return { kind: 'write', name, topic, children: [] }
}

function sinkOf(name: string, table: string): SinkNode {
  return { kind: 'sink', name, table: { kind: 'postgres table', name: table }, toRow: () => ({}), children: [] }
}

function edges(children: readonly ProcessingNode[]): Edge[] {
  return children.map((node, port) => ({ port, node }))
}

export function subtopologyOf(
  id: number,
  kind: Subtopology['kind'],
  sources: readonly SourceNode[],
  nodes: readonly ProcessingNode[],
): Subtopology {
  const stores = nodes.flatMap((node) => (node.kind === 'operator' ? node.stores : []))
  return { id, kind, sources, nodes, stores, partitions, changelog: undefined, upstream: [] }
}

export function sampleTopology(): CompiledTopology {
  const raw = topicOf('sf311.raw', 'source')
  const counts = topicOf('counts-by-neighborhood', 'repartition')
  const enriched = topicOf('sf311.enriched', 'output')
  const volume = topicOf('sf311.volume', 'output')
  const deadLetters = topicOf('sf311.dead-letters', 'dead-letters')

  const group = writeOf('counts-by-neighborhood write', counts)
  const changes = stepOf('counts-by-neighborhood', 'group', [], group)
  const cases = stepOf('cases', 'to table', ['cases'], changes)
  const locate = stepOf('LocatedCase', 'enrich', [], cases)
  const parse = stepOf('Case', 'validate', [], locate)

  const toEnriched = writeOf('sf311.enriched write', enriched)
  const join = stepOf('EnrichedCase', 'join input', [], toEnriched)
  const toVolume = writeOf('sf311.volume write', volume)
  const results = stepOf('hourly-volume results', 'to stream', [], toVolume)
  const hourly = stepOf('hourly-volume', 'aggregate', ['hourly-volume'], join, results)

  const casesTable = sinkOf('cases rows', 'cases')
  const volumeTable = sinkOf('hourly_volume rows', 'hourly_volume')
  return {
    name: 'sf311',
    hash: '9c1e5d0b7a42',
    subtopologies: [
      subtopologyOf(0, 'stream', [sourceOf('sf311.raw source', raw, parse)], [parse, locate, cases, changes, group]),
      subtopologyOf(
        1,
        'stream',
        [sourceOf('counts-by-neighborhood source', counts, hourly)],
        [hourly, join, toEnriched, results, toVolume],
      ),
      subtopologyOf(2, 'sink', [sourceOf('sf311.enriched source', enriched, casesTable)], [casesTable]),
      subtopologyOf(3, 'sink', [sourceOf('sf311.volume source', volume, volumeTable)], [volumeTable]),
    ],
    globalTables: [],
    topics: [raw, counts, enriched, volume, deadLetters],
    deadLetters,
  }
}
