// Places the shapes of a graph in layers: each layer stands behind everything that feeds it, shapes of one sub-topology keep together, lines stay short.
// `along` is the direction of the stream, `across` the other; the caller turns them into x and y.
import type { DrawnGraph, Shape } from './drawn-graph.ts'

export interface Placed {
  readonly id: string
  readonly layer: number
  /** Of its middle, in the unit of `breadthOf`; not negative. */
  readonly across: number
}

const sweeps = 8

/** `breadthOf` is the room a shape takes across the stream, its distance to the next one included. */
export function placeShapes(graph: DrawnGraph, breadthOf: (shape: Shape) => number): Placed[] {
  const layers = layersOf(graph)
  const across = new Map<string, number>()
  const columns = columnsOf(graph, layers)
  for (const column of columns) stack(column, across, breadthOf, () => 0)
  for (let sweep = 0; sweep < sweeps; sweep++) {
    const towards = sweep % 2 === 0 ? parentsOf(graph) : childrenOf(graph)
    for (const column of sweep % 2 === 0 ? columns : columns.toReversed()) {
      stack(order(column, towards, across), across, breadthOf, (id) => middle(towards.get(id) ?? [id], across))
    }
  }
  const least = Math.min(0, ...graph.shapes.map((shape) => (across.get(shape.id) ?? 0) - breadthOf(shape) / 2))
  return graph.shapes.map(({ id }) => ({ id, layer: layers.get(id) ?? 0, across: (across.get(id) ?? 0) - least }))
}

/** Longest way from a beginning; a cycle, which a topology may have through its topics, is cut where it is met. */
function layersOf(graph: DrawnGraph): Map<string, number> {
  const parents = parentsOf(graph)
  const layers = new Map<string, number>()
  const layerOf = (id: string, path: ReadonlySet<string>): number => {
    const known = layers.get(id)
    if (known !== undefined) return known
    const before = (parents.get(id) ?? []).filter((parent) => !path.has(parent))
    const layer = Math.max(-1, ...before.map((parent) => layerOf(parent, new Set([...path, id])))) + 1
    layers.set(id, layer)
    return layer
  }
  for (const { id } of graph.shapes) layerOf(id, new Set([id]))
  return layers
}

function columnsOf(graph: DrawnGraph, layers: ReadonlyMap<string, number>): Shape[][] {
  const columns: Shape[][] = []
  for (const shape of graph.shapes) {
    const layer = layers.get(shape.id) ?? 0
    for (let i = columns.length; i <= layer; i++) columns.push([])
    columns[layer]?.push(shape)
  }
  return columns
}

/** By where its neighbors stand, whole sub-topologies first; what has no neighbor on that side stays where it is. */
function order(column: Shape[], neighbors: Neighbors, across: ReadonlyMap<string, number>): Shape[] {
  const wish = new Map(column.map(({ id }) => [id, middle(neighbors.get(id) ?? [id], across)]))
  const ofBox = new Map<number | string, number[]>()
  const boxOf = ({ id, subtopology }: Shape) => subtopology ?? id
  for (const shape of column) ofBox.set(boxOf(shape), [...(ofBox.get(boxOf(shape)) ?? []), wish.get(shape.id) ?? 0])
  const boxWish = (shape: Shape) => mean(ofBox.get(boxOf(shape)) ?? [])
  return column.sort((a, b) => boxWish(a) - boxWish(b) || (wish.get(a.id) ?? 0) - (wish.get(b.id) ?? 0))
}

/** Puts the shapes of a layer where they wish to be, pushed apart where they would overlap, and the whole layer to its middle wish. */
function stack(
  column: readonly Shape[],
  across: Map<string, number>,
  breadthOf: (shape: Shape) => number,
  wishOf: (id: string) => number,
): void {
  const wishes = column.map(({ id }) => wishOf(id))
  let free = Number.NEGATIVE_INFINITY
  const places = column.map((shape, i) => {
    const place = Math.max(wishes[i] ?? 0, free + breadthOf(shape) / 2)
    free = place + breadthOf(shape) / 2
    return place
  })
  const shift = mean(wishes) - mean(places)
  for (const [i, { id }] of column.entries()) across.set(id, (places[i] ?? 0) + shift)
}

type Neighbors = ReadonlyMap<string, readonly string[]>

function parentsOf({ connections }: DrawnGraph): Neighbors {
  return groupIds(connections.map(({ from, to }) => [to, from]))
}

function childrenOf({ connections }: DrawnGraph): Neighbors {
  return groupIds(connections.map(({ from, to }) => [from, to]))
}

function groupIds(pairs: readonly (readonly [string, string])[]): Neighbors {
  const groups = new Map<string, string[]>()
  for (const [key, value] of pairs) groups.set(key, [...(groups.get(key) ?? []), value])
  return groups
}

function middle(ids: readonly string[], across: ReadonlyMap<string, number>): number {
  return mean(ids.map((id) => across.get(id) ?? 0))
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length
}
