// Point in polygon for several layers at once: a grid over the city knows the answer for whole cells; only in cells that a boundary crosses is a
// ray cast, and only against the edges of the point's own row of cells. The answers are exactly those of a ray cast against every polygon.

/** x, y pairs of a closed ring; holes are rings like any other (even-odd). */
export type Ring = readonly (readonly [number, number])[]

export interface Area {
  readonly name: string
  readonly rings: readonly Ring[]
}

/** Where areas of a layer overlap, the first one wins. */
export type Layer = readonly Area[]

interface Box {
  readonly west: number
  readonly south: number
  readonly east: number
  readonly north: number
}

/** x1, y1, x2, y2 of each edge that meets the row. */
type RowEdges = readonly Float64Array[]

/** What is known of a cell: per layer an area, no area (−1), or the areas that may be it, in order. */
type Cell = readonly (number | readonly number[])[]

const SIZE = 256
const NOWHERE = -1
const OUTSIDE: Cell = []

export class AreaGrid {
  private readonly layers: readonly Layer[]
  private readonly box: Box
  private readonly columnsPerX: number
  private readonly rowsPerY: number
  private readonly cells = new Uint16Array(SIZE * SIZE)
  private readonly kinds: Cell[] = []
  /** By layer, area and row. */
  private readonly edges: readonly (readonly RowEdges[])[]
  // The point that `goTo` went to.
  private cell: Cell = OUTSIDE
  private row = 0
  private x = 0
  private y = 0

  /** The grid spans the first layer; outside it there is no area of any layer. */
  constructor(layers: readonly Layer[]) {
    this.layers = layers
    this.box = boxOf(layers[0] ?? [])
    this.columnsPerX = SIZE / (this.box.east - this.box.west)
    this.rowsPerY = SIZE / (this.box.north - this.box.south)
    this.edges = layers.map((layer) => layer.map((area) => this.edgesByRow(area)))
    this.fillCells(layers.map((_, layer) => this.classify(layer)))
  }

  /** Goes to a point; `nameIn` then answers for it. */
  goTo(x: number, y: number): this {
    const column = Math.floor((x - this.box.west) * this.columnsPerX)
    const row = Math.floor((y - this.box.south) * this.rowsPerY)
    const isInBox = column >= 0 && column < SIZE && row >= 0 && row < SIZE
    this.cell = isInBox ? (this.kinds[this.cells[row * SIZE + column] ?? 0] ?? OUTSIDE) : OUTSIDE
    this.row = row
    this.x = x
    this.y = y
    return this
  }

  /** Name of the area of this layer that the point lies in. */
  nameIn(layer: number): string | undefined {
    const known = this.cell[layer] ?? NOWHERE
    const area = typeof known === 'number' ? known : this.cast(layer, known)
    return this.layers[layer]?.[area]?.name
  }

  private cast(layer: number, candidates: readonly number[]): number {
    const areas = this.edges[layer] ?? []
    for (const area of candidates) {
      const edges = areas[area]?.[this.row]
      if (edges !== undefined && isInside(edges, this.x, this.y)) return area
    }
    return NOWHERE
  }

  private edgesByRow({ rings }: Area): RowEdges {
    const rows: number[][] = Array.from({ length: SIZE }, () => [])
    for (const [x1, y1, x2, y2] of edgesOf(rings)) {
      for (let row = this.rowOf(Math.min(y1, y2)); row <= this.rowOf(Math.max(y1, y2)); row++) {
        rows[row]?.push(x1, y1, x2, y2)
      }
    }
    return rows.map((row) => Float64Array.from(row))
  }

  /** One entry a cell: what is known of it in this layer. */
  private classify(layer: number): Cell {
    const crossed: number[][] = Array.from({ length: SIZE * SIZE }, () => [])
    const covering: number[][] = Array.from({ length: SIZE * SIZE }, () => [])
    for (const [area, rows] of (this.edges[layer] ?? []).entries()) {
      for (const [row, edges] of rows.entries()) {
        this.markCrossed(edges, row, (cell) => crossed[cell]?.push(area))
        this.markCenters(edges, row, (cell) => covering[cell]?.push(area))
      }
    }
    return covering.map((areas, cell) => {
      const near = crossed[cell] ?? []
      if (near.length === 0) return areas[0] ?? NOWHERE
      return [...new Set([...near, ...areas])].sort((a, b) => a - b)
    })
  }

  private markCrossed(edges: Float64Array, row: number, mark: (cell: number) => void): void {
    const south = this.box.south + row / this.rowsPerY
    const north = this.box.south + (row + 1) / this.rowsPerY
    for (let i = 0; i < edges.length; i += 4) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = edges.subarray(i, i + 4)
      const clip = (y: number) => (y2 === y1 ? 0 : Math.min(1, Math.max(0, (y - y1) / (y2 - y1))))
      const from = x1 + (x2 - x1) * clip(south)
      const to = y2 === y1 ? x2 : x1 + (x2 - x1) * clip(north)
      // A hair wider than the edge, so that rounding cannot put a point on the wrong side of an uncrossed cell.
      const last = this.columnOf(Math.max(from, to) + 1e-9)
      for (let column = this.columnOf(Math.min(from, to) - 1e-9); column <= last; column++) mark(row * SIZE + column)
    }
  }

  /** Cells of the row whose center is inside. */
  private markCenters(edges: Float64Array, row: number, mark: (cell: number) => void): void {
    const y = this.box.south + (row + 0.5) / this.rowsPerY
    const crossings: number[] = []
    for (let i = 0; i < edges.length; i += 4) {
      const [x1 = 0, y1 = 0, x2 = 0, y2 = 0] = edges.subarray(i, i + 4)
      if (y1 > y !== y2 > y) crossings.push(((x2 - x1) * (y - y1)) / (y2 - y1) + x1)
    }
    crossings.sort((a, b) => a - b)
    for (let i = 0; i + 1 < crossings.length; i += 2) {
      const first = Math.max(0, Math.ceil(((crossings[i] ?? 0) - this.box.west) * this.columnsPerX - 0.5))
      const end = Math.min(SIZE, ((crossings[i + 1] ?? 0) - this.box.west) * this.columnsPerX - 0.5)
      for (let column = first; column < end; column++) mark(row * SIZE + column)
    }
  }

  private fillCells(classified: readonly Cell[]): void {
    const known = new Map<string, number>()
    for (let cell = 0; cell < SIZE * SIZE; cell++) {
      const kind = classified.map((layer) => layer[cell] ?? NOWHERE)
      const name = JSON.stringify(kind)
      let index = known.get(name)
      if (index === undefined) {
        index = this.kinds.push(kind) - 1
        known.set(name, index)
      }
      this.cells[cell] = index
    }
  }

  private rowOf(y: number): number {
    return Math.min(SIZE - 1, Math.max(0, Math.floor((y - this.box.south) * this.rowsPerY)))
  }

  private columnOf(x: number): number {
    return Math.min(SIZE - 1, Math.max(0, Math.floor((x - this.box.west) * this.columnsPerX)))
  }
}

function isInside(edges: Float64Array, x: number, y: number): boolean {
  let inside = false
  for (let i = 0; i < edges.length; i += 4) {
    const y1 = edges[i + 1] ?? 0
    const y2 = edges[i + 3] ?? 0
    if (y1 > y === y2 > y) continue
    const x1 = edges[i] ?? 0
    if (x < (((edges[i + 2] ?? 0) - x1) * (y - y1)) / (y2 - y1) + x1) inside = !inside
  }
  return inside
}

function* edgesOf(rings: readonly Ring[]): Generator<readonly [number, number, number, number]> {
  for (const ring of rings) {
    let [x1, y1] = ring[ring.length - 1] ?? [0, 0]
    for (const [x2, y2] of ring) {
      if (x1 !== x2 || y1 !== y2) yield [x1, y1, x2, y2]
      x1 = x2
      y1 = y2
    }
  }
}

function boxOf(layer: Layer): Box {
  const box = { west: 180, south: 90, east: -180, north: -90 }
  for (const [x, y] of layer.flatMap(({ rings }) => rings.flat())) {
    box.west = Math.min(box.west, x)
    box.south = Math.min(box.south, y)
    box.east = Math.max(box.east, x)
    box.north = Math.max(box.north, y)
  }
  return box
}
