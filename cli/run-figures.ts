// Figures of a running application that the command line shows, out of its snapshot.
import type { ApplicationSnapshot } from '../runtime/snapshot.ts'
import type { CompiledTopology } from '../topology/graph.ts'

/** Records of the source topics that are in the log and not yet processed. */
export function sourceLag({ tasks }: ApplicationSnapshot, topology: CompiledTopology): number {
  const sources = new Set(topology.topics.filter(({ role }) => role === 'source').map(({ name }) => name))
  const inputs = tasks.flatMap((task) => task.inputs).filter(({ topic }) => sources.has(topic))
  return inputs.reduce((sum, { end, committed }) => sum + Math.max(0, end - committed), 0)
}

export function deadLetters({ nodes }: ApplicationSnapshot): number {
  const counts = nodes.flatMap(({ outcomes }) => Object.entries(outcomes))
  return counts.filter(([outcome]) => outcome.startsWith('dead_letter:')).reduce((sum, [, count]) => sum + count, 0)
}

/** Records read from the source topics, over the life of the data. */
export function recordsRead({ nodes }: ApplicationSnapshot, topology: CompiledTopology): number {
  const sources = topology.subtopologies.flatMap((subtopology) => subtopology.sources)
  const outside = new Set(sources.filter(({ topic }) => topic.role === 'source').map(({ name }) => name))
  return nodes.filter(({ node }) => outside.has(node)).reduce((sum, node) => sum + node.in, 0)
}
