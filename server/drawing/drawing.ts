// The drawing of a topology as numbers: where each shape, line and box stands. The page only paints it.
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

const size = {
  width: 172,
  besideWidth: 132,
  body: 62,
  store: 26,
  gapAlong: 30,
  gapAcross: 28,
  boxPadding: 12,
  boxTitle: 16,
  margin: 2,
}

/** The stream flows down; dead letters leave to the right. */
export function drawTopology(topology: CompiledTopology): Drawing {
  const graph = drawnGraph(topology)
  const shapes = placed(graph)
  const boxes = topology.subtopologies.flatMap(({ id }) => boxOf(id, shapes))
  const all = [...shapes, ...boxes]
  return {
    width: Math.max(...all.map(({ x, width }) => x + width), 0) + size.margin,
    height: Math.max(...all.map(({ y, height }) => y + height), 0) + size.margin,
    shapes,
    connections: graph.connections.flatMap((connection) => connected(connection, shapes)),
    boxes,
  }
}

/** The stream first; dead letters and what is made of them alone stand beside it. */
function placed(graph: DrawnGraph): DrawnShape[] {
  const aside = asideOf(graph)
  const all = placedStreams({
    shapes: graph.shapes.filter((shape) => !aside.includes(shape)),
    connections: graph.connections.filter(({ from, to }) => !aside.some(({ id }) => id === from || id === to)),
  })
  return [...all, ...column(aside, graph, all)]
}

/** In the order of their flow. */
function asideOf({ shapes, connections }: DrawnGraph): Shape[] {
  const aside = shapes.filter(({ kind }) => kind === 'dead letters')
  for (const { id } of aside) {
    const fed = connections.filter(({ from }) => from === id).flatMap(({ to }) => shapes.filter((one) => one.id === to))
    aside.push(...fed.filter((shape) => !aside.includes(shape) && isFedOnlyBy(aside, shape, connections)))
  }
  return aside
}

function isFedOnlyBy(feeders: readonly Shape[], { id }: Shape, connections: readonly Connection[]): boolean {
  return connections.filter(({ to }) => to === id).every(({ from }) => feeders.some((feeder) => feeder.id === from))
}

/** From the row of the step that the dead letters come from downwards, right of all that stands in these rows. */
function column(aside: readonly Shape[], { connections }: DrawnGraph, all: readonly DrawnShape[]): DrawnShape[] {
  const feeders = connections.filter(({ to }) => to === aside[0]?.id).map(({ from }) => from)
  const top = all.find(({ id }) => feeders.includes(id))?.y ?? size.margin
  const step = (shape: Shape) => heightOf(shape) + size.gapAlong + size.boxTitle
  const bottom = top + aside.reduce((sum, shape) => sum + step(shape), 0)
  const rows = all.filter(({ y, height }) => y < bottom && top < y + height)
  const x = Math.max(...rows.map((shape) => shape.x + shape.width), 0) + 2 * size.boxPadding + size.gapAcross / 2
  let y = top
  return aside.map((shape) => {
    const one = { ...shape, x, y, width: size.besideWidth, height: heightOf(shape) }
    y += step(shape)
    return one
  })
}

function placedStreams(graph: DrawnGraph): DrawnShape[] {
  const places = placeShapes(graph, () => size.width + size.gapAcross)
  const layerOf = new Map(places.map(({ id, layer }) => [id, layer]))
  const top = (layer: number): number =>
    layer === 0 ? size.margin : top(layer - 1) + depthOf(graph, layerOf, layer - 1) + size.gapAlong + size.boxTitle
  return graph.shapes.map((shape, i) => {
    const { layer = 0, across = 0 } = places[i] ?? {}
    const x = size.margin + size.boxPadding + across - (size.width + size.gapAcross) / 2
    return { ...shape, x, y: top(layer), width: size.width, height: heightOf(shape) }
  })
}

function depthOf({ shapes }: DrawnGraph, layerOf: ReadonlyMap<string, number>, layer: number): number {
  return Math.max(...shapes.filter(({ id }) => layerOf.get(id) === layer).map(heightOf), 0)
}

function heightOf({ stores }: Shape): number {
  return size.body + stores.length * size.store
}

/** The frame around what one task runs. */
function boxOf(id: number, shapes: readonly DrawnShape[]): Box[] {
  const members = shapes.filter(({ subtopology }) => subtopology === id)
  if (members.length === 0) return []
  const left = Math.min(...members.map(({ x }) => x)) - size.boxPadding
  const top = Math.min(...members.map(({ y }) => y)) - size.boxTitle - 4
  const right = Math.max(...members.map(({ x, width }) => x + width)) + size.boxPadding
  const bottom = Math.max(...members.map(({ y, height }) => y + height)) + size.boxPadding
  return [{ label: `sub-topology ${id}`, x: left, y: top, width: right - left, height: bottom - top }]
}

function connected(connection: Connection, shapes: readonly DrawnShape[]): DrawnConnection[] {
  const from = shapes.find(({ id }) => id === connection.from)
  const to = shapes.find(({ id }) => id === connection.to)
  if (from === undefined || to === undefined) return []
  return [{ ...connection, path: from.y + from.height < to.y ? down(from, to) : sideways(from, to) }]
}

function down(from: DrawnShape, to: DrawnShape): string {
  const [x1, y1, x2, y2] = [from.x + from.width / 2, from.y + from.height, to.x + to.width / 2, to.y]
  const bend = Math.max(12, (y2 - y1) / 2)
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`
}

function sideways(from: DrawnShape, to: DrawnShape): string {
  const [x1, y1, x2, y2] = [from.x + from.width, from.y + size.body / 2, to.x, to.y + size.body / 2]
  return `M${x1} ${y1}C${x1 + 12} ${y1} ${x2 - 12} ${y2} ${x2} ${y2}`
}
