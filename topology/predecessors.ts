// The nodes that each node reads: the edges of a sub-topology, turned around.
import type { ProcessingNode, SourceNode } from './graph.ts'

export function predecessorsOf(
  sources: readonly SourceNode[],
  nodes: readonly ProcessingNode[],
): ReadonlyMap<ProcessingNode, readonly (SourceNode | ProcessingNode)[]> {
  const predecessors = new Map<ProcessingNode, (SourceNode | ProcessingNode)[]>()
  for (const parent of [...sources, ...nodes])
    for (const { node } of parent.children) {
      const before = predecessors.get(node) ?? []
      if (!before.includes(parent)) before.push(parent)
      predecessors.set(node, before)
    }
  return predecessors
}
