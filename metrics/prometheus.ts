// The Prometheus page: reads the cells of Measurements when it is scraped, through metric objects of our own in a prom-client registry.
// prom-client's own metrics cost a microsecond an increment, and its histograms cannot be set from buckets that were counted elsewhere.
import { type Metric, Registry } from 'prom-client'
import { catalogue, type MetricDefinition } from './catalogue.ts'
import type { HistogramCell, Labels, Measurements } from './measurements.ts'

export interface MetricsPage {
  /** Text format 0.0.4. */
  readonly contentType: string
  render(): Promise<string>
}

interface Sample {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly sharedLabels: Labels
  readonly value: number
}

/** `shared` are the labels of every series: the application and its mode. */
export function metricsPage(
  measurements: Measurements,
  shared: { readonly app: string; readonly mode: 'live' | 'replay' },
): MetricsPage {
  const registry = new Registry()
  const all = catalogue.map((metric) => new MeasuredMetric(metric, measurements, { ...shared }))
  return {
    contentType: registry.contentType,
    render: () => {
      measurements.collect()
      registry.clear()
      // prom-client's types ask for one of its classes, its code only for `name` and `get()`.
      for (const metric of all.filter((one) => one.hasSeries())) registry.registerMetric(metric as unknown as Metric)
      return registry.metrics()
    },
  }
}

class MeasuredMetric {
  readonly name: string
  private readonly metric: MetricDefinition
  private readonly measurements: Measurements
  private readonly sharedLabels: Labels

  constructor(metric: MetricDefinition, measurements: Measurements, sharedLabels: Labels) {
    this.name = metric.name
    this.metric = metric
    this.measurements = measurements
    this.sharedLabels = sharedLabels
  }

  hasSeries(): boolean {
    return (this.family()?.cells.size ?? 0) > 0
  }

  async get() {
    const { name, help, type } = this.metric
    return { name, help, type, values: type === 'histogram' ? this.histogramSamples() : this.scalarSamples() }
  }

  private family() {
    return this.metric.type === 'histogram'
      ? this.measurements.histograms.get(this.name)
      : this.measurements.scalars.get(this.name)
  }

  private scalarSamples(): Sample[] {
    const cells = this.measurements.scalars.get(this.name)?.cells.values() ?? []
    return [...cells].map(({ labels, cell }) => this.sample(this.name, labels, cell.value))
  }

  private histogramSamples(): Sample[] {
    const cells = this.measurements.histograms.get(this.name)?.cells.values() ?? []
    return [...cells].flatMap(({ labels, cell }) => [
      ...this.buckets(labels, cell),
      this.sample(`${this.name}_sum`, labels, cell.sum),
      this.sample(`${this.name}_count`, labels, cell.count),
    ])
  }

  private buckets(labels: Labels, { bounds, counts }: HistogramCell): Sample[] {
    let cumulative = 0
    return [...counts].map((count, i) => {
      cumulative += count
      return this.sample(`${this.name}_bucket`, { ...labels, le: bounds[i] ?? '+Inf' }, cumulative)
    })
  }

  private sample(metricName: string, labels: Sample['labels'], value: number): Sample {
    return { metricName, labels, sharedLabels: this.sharedLabels, value }
  }
}
