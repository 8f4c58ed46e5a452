// The topology in the text format of Kafka Streams' TopologyDescription, blank for blank, since viewers parse it.
import type { CompiledTopology, ProcessingNode, SourceNode, Subtopology } from './graph.ts'
import { predecessorsOf } from './predecessors.ts'

export function describeText({ subtopologies, globalTables }: CompiledTopology): string {
  const global = globalTables.map((source, i) => globalTable(subtopologies.length + i, source))
  return `Topologies:\n ${[...subtopologies.map(subtopology), ...global].map((text) => `  ${text}`).join('')}`
}

function subtopology({ id, sources, nodes }: Subtopology): string {
  const predecessors = predecessorsOf(sources, nodes)
  const lines = [...sources.map(source), ...nodes.map((node) => processing(node, predecessors.get(node) ?? []))]
  return `Sub-topology: ${id}\n${lines.map((line) => `    ${line}\n`).join('')}\n`
}

function source({ name, topic, children }: SourceNode): string {
  return `Source: ${name} (topics: [${topic.name}])\n      --> ${names(children.map(({ node }) => node))}`
}

function processing(node: ProcessingNode, predecessors: readonly { readonly name: string }[]): string {
  const from = `      <-- ${names(predecessors)}`
  switch (node.kind) {
    case 'write':
      return `Sink: ${node.name} (topic: ${node.topic.name})\n${from}`
    case 'sink':
      return `Sink: ${node.name} (topic: ${node.table.name})\n${from}`
    case 'operator': {
      const stores = node.stores.map(({ name }) => name).join(', ')
      const to = `      --> ${names(node.children.map((child) => child.node))}`
      return `Processor: ${node.name} (stores: [${stores}])\n${to}\n${from}`
    }
  }
}

/** Kafka Streams shows a processor that fills the store; here the worker does it. */
function globalTable(id: number, { name, topic }: SourceNode): string {
  const processor = `table-${topic.name}`
  const from = `Source: ${name} (topics: [${topic.name}])\n      --> ${processor}`
  const to = `Processor: ${processor} (stores: [${topic.name}])\n      --> none\n      <-- ${name}`
  return `Sub-topology: ${id} for global store (will not generate tasks)\n    ${from}\n    ${to}\n`
}

function names(nodes: readonly { readonly name: string }[]): string {
  return nodes.length === 0 ? 'none' : [...new Set(nodes.map(({ name }) => name))].join(', ')
}
