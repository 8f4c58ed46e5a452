// Measurements as plain numbers: writers hold a cell and add to it; the exposition reads all cells when it is scraped.

/** A number that its holder changes directly. */
export interface Cell {
  value: number
}

export type Labels = Readonly<Record<string, string>>

/** Cumulative histogram with fixed bounds (upper, inclusive), in the unit its metric's name ends with. */
export class HistogramCell {
  readonly bounds: readonly number[]
  /** One more than bounds: the last is +Inf. Not cumulative. */
  readonly counts: Float64Array
  sum = 0
  count = 0

  constructor(bounds: readonly number[]) {
    this.bounds = bounds
    this.counts = new Float64Array(bounds.length + 1)
  }

  observe(value: number, times = 1): void {
    let i = 0
    while (i < this.bounds.length && value > (this.bounds[i] as number)) i++
    this.counts[i] = (this.counts[i] as number) + times
    this.sum += value * times
    this.count += times
  }
}

interface Family<C> {
  readonly cells: Map<string, { readonly labels: Labels; readonly cell: C }>
}

/** All measurements of one application. Asking for the same name and labels again gives the same cell. */
export class Measurements {
  readonly scalars = new Map<string, Family<Cell>>()
  readonly histograms = new Map<string, Family<HistogramCell>>()
  private readonly collectors: (() => void)[] = []
  private readonly boundsOf: (name: string) => readonly number[]

  /** `boundsOf` gives a histogram's bucket bounds by its name (catalogue.ts). */
  constructor(boundsOf: (name: string) => readonly number[]) {
    this.boundsOf = boundsOf
  }

  /** A counter's or gauge's cell. */
  cell(name: string, labels: Labels = {}): Cell {
    return cellOf(this.scalars, name, labels, () => ({ value: 0 }))
  }

  histogram(name: string, labels: Labels = {}): HistogramCell {
    return cellOf(this.histograms, name, labels, () => new HistogramCell(this.boundsOf(name)))
  }

  /** Removes the series of a thing that is gone (a revoked partition, a purged replay). */
  drop(name: string, labels: Labels): void {
    this.scalars.get(name)?.cells.delete(labelKey(labels))
    this.histograms.get(name)?.cells.delete(labelKey(labels))
  }

  /** `collect` runs before every scrape: for gauges that are computed, not kept. */
  onScrape(collect: () => void): void {
    this.collectors.push(collect)
  }

  collect(): void {
    for (const collect of this.collectors) collect()
  }
}

function cellOf<C>(families: Map<string, Family<C>>, name: string, labels: Labels, make: () => C): C {
  const family = families.get(name) ?? { cells: new Map() }
  families.set(name, family)
  const key = labelKey(labels)
  const entry = family.cells.get(key) ?? { labels, cell: make() }
  family.cells.set(key, entry)
  return entry.cell
}

function labelKey(labels: Labels): string {
  return Object.keys(labels)
    .sort()
    .map((name) => `${name}=${labels[name]}`)
    .join('\u0000')
}
