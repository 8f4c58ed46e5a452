// The topology as a Mermaid flowchart: sub-topologies as boxes, topics between them, stores and tables as cylinders.
import type { CompiledTopology, ProcessingNode, SourceNode, Subtopology } from './graph.ts'

export function describeMermaid({ subtopologies, globalTables }: CompiledTopology): string {
  const drawing = new Drawing()
  for (const one of subtopologies) drawing.subtopology(one)
  for (const source of globalTables) drawing.globalTable(source)
  return drawing.text()
}

class Drawing {
  private readonly boxes: string[] = []
  private readonly shared: string[] = []
  private readonly edges: string[] = []
  private readonly ids = new Map<string, string>()

  subtopology({ id, sources, nodes }: Subtopology): void {
    this.boxes.push(`  subgraph S${id}["Sub-topology ${id}"]`)
    for (const node of nodes) if (node.kind === 'operator') this.boxes.push(`    ${this.id(node.name)}["${node.name}"]`)
    this.boxes.push('  end')
    for (const source of sources) this.connect(this.topic(source.topic.name), source)
    for (const node of nodes) this.connect(this.id(node.name), node)
  }

  globalTable({ topic }: SourceNode): void {
    const table = this.declare(`table ${topic.name}`, `[("${topic.name} (global)")]`)
    this.edges.push(`  ${this.topic(topic.name)} --> ${table}`)
  }

  text(): string {
    return ['flowchart LR', ...this.boxes, ...this.shared, ...new Set(this.edges), ''].join('\n')
  }

  private connect(from: string, node: SourceNode | ProcessingNode): void {
    for (const { node: child } of node.children) this.edges.push(`  ${from} --> ${this.target(child)}`)
    if (node.kind !== 'operator') return
    for (const { name } of node.stores)
      this.edges.push(`  ${from} -.- ${this.declare(`store ${name}`, `[("${name}")]`)}`)
  }

  private target(node: ProcessingNode): string {
    if (node.kind === 'write') return this.topic(node.topic.name)
    if (node.kind === 'sink') return this.declare(`sink ${node.table.name}`, `[("${node.table.name}")]`)
    return this.id(node.name)
  }

  private topic(name: string): string {
    return this.declare(`topic ${name}`, `(["${name}"])`)
  }

  /** Declares a node outside of all boxes, once. */
  private declare(key: string, shape: string): string {
    const isNew = !this.ids.has(key)
    const id = this.id(key)
    if (isNew) this.shared.push(`  ${id}${shape}`)
    return id
  }

  private id(key: string): string {
    const id = this.ids.get(key) ?? `n${this.ids.size}`
    this.ids.set(key, id)
    return id
  }
}
