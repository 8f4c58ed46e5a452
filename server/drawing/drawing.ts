// The drawing of a topology as numbers: where each shape, line and box stands, for a wide page and for a narrow one. The page only paints it.
import type { CompiledTopology } from '../../topology/graph.ts'
import { type Connection, type DrawnGraph, drawnGraph, type Shape } from './drawn-graph.ts'
import { placeShapes } from './layout.ts'

export interface DrawnShape extends Shape {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Box {
  readonly label: string
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface DrawnConnection extends Connection {
  /** SVG path data. */
  readonly path: string
}

export interface Drawing {
  readonly width: number
  readonly height: number
  readonly shapes: readonly DrawnShape[]
  readonly connections: readonly DrawnConnection[]
  readonly boxes: readonly Box[]
}

/** Wide: the stream flows to the right. Narrow: down. */
export type Direction = 'right' | 'down'

const size = { width: 134, body: 62, store: 26, gapAlong: 30, gapAcross: 26, boxPadding: 12, boxTitle: 18, margin: 16 }

export function drawTopology(topology: CompiledTopology, direction: Direction): Drawing {
  const graph = drawnGraph(topology)
  const shapes = placed(graph, direction)
  const boxes = topology.subtopologies.flatMap(({ id }) => boxOf(id, shapes))
  const edge = [...shapes, ...boxes]
  return {
    width: Math.max(...edge.map(({ x, width }) => x + width), 0) + size.margin,
    height: Math.max(...edge.map(({ y, height }) => y + height), 0) + size.margin,
    shapes,
    connections: graph.connections.flatMap((connection) => connected(connection, shapes, direction)),
    boxes,
  }
}

function heightOf({ stores }: Shape): number {
  return size.body + stores.length * size.store
}

function placed(graph: DrawnGraph, direction: Direction): DrawnShape[] {
  const right = direction === 'right'
  const breadth = (shape: Shape) => (right ? heightOf(shape) : size.width) + size.gapAcross + size.boxTitle
  const layerDepth = right ? () => size.width : depthOfLayers(graph, breadth)
  const places = new Map(placeShapes(graph, breadth).map((place) => [place.id, place]))
  const startOf = (layer: number) =>
    Array.from({ length: layer }, (_, i) => layerDepth(i) + size.gapAlong + (right ? 0 : size.boxTitle)).reduce(
      (a, b) => a + b,
      0,
    )
  return graph.shapes.map((shape) => {
    const { layer = 0, across = 0 } = places.get(shape.id) ?? {}
    const start = size.margin + size.boxPadding + size.boxTitle
    const [along, middle] = [start + startOf(layer), start + across - breadth(shape) / 2 + size.gapAcross / 2]
    return {
      ...shape,
      x: right ? along : middle,
      y: right ? middle : along,
      width: size.width,
      height: heightOf(shape),
    }
  })
}

function depthOfLayers(graph: DrawnGraph, breadth: (shape: Shape) => number): (layer: number) => number {
  const layers = new Map(placeShapes(graph, breadth).map(({ id, layer }) => [id, layer]))
  return (layer) => Math.max(...graph.shapes.filter(({ id }) => layers.get(id) === layer).map(heightOf), 0)
}

/** The frame around what one task runs; a sub-topology that only forwards has none. */
function boxOf(id: number, shapes: readonly DrawnShape[]): Box[] {
  const members = shapes.filter(({ subtopology }) => subtopology === id)
  if (members.length === 0) return []
  const left = Math.min(...members.map(({ x }) => x)) - size.boxPadding
  const top = Math.min(...members.map(({ y }) => y)) - size.boxPadding - size.boxTitle
  const right = Math.max(...members.map(({ x, width }) => x + width)) + size.boxPadding
  const bottom = Math.max(...members.map(({ y, height }) => y + height)) + size.boxPadding
  return [{ label: `sub-topology ${id}`, x: left, y: top, width: right - left, height: bottom - top }]
}

function connected(connection: Connection, shapes: readonly DrawnShape[], direction: Direction): DrawnConnection[] {
  const from = shapes.find(({ id }) => id === connection.from)
  const to = shapes.find(({ id }) => id === connection.to)
  return from === undefined || to === undefined ? [] : [{ ...connection, path: curve(from, to, direction) }]
}

function curve(from: DrawnShape, to: DrawnShape, direction: Direction): string {
  if (direction === 'right') {
    const [x1, y1, x2, y2] = [from.x + from.width, from.y + size.body / 2, to.x, to.y + size.body / 2]
    const bend = Math.max(12, (x2 - x1) / 2)
    return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`
  }
  const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + from.height, to.x + to.width / 2, to.y]
  const bend = Math.max(12, (y2 - y1) / 2)
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
}
