// What an expression of PromQL asks for, held against the catalogue: metrics that exist, with labels that they have.
// Expressions here always select with braces, so a name before a brace is a metric.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type MetricDefinition, metricNamed } from '../../metrics/catalogue.ts'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8')
}

/** Labels of every series, from us and from the scrape. */
const sharedLabels = ['app', 'mode', 'instance', 'job']
/** From Prometheus, not from us. */
const scrapeMetrics = new Map([['up', ['instance', 'job']]])

interface Selector {
  readonly metric: string
  readonly labels: readonly string[]
}

/** What is wrong with an expression and the labels shown beside it; empty when all is well. */
export function mistakesIn(expression: string, shownLabels: readonly string[] = []): string[] {
  const selectors = selectorsOf(expression)
  if (selectors.length === 0) return [`${expression} selects nothing`]
  const known = selectors.flatMap(({ metric }) => labelsOf(metric))
  const grouped = [...expression.matchAll(/\b(?:by|on)\s*\(([^)]*)\)/g)].flatMap(([, names = '']) => namesIn(names))
  const foreign = [...grouped, ...shownLabels].filter((label) => !known.includes(label))
  return [...selectors.flatMap(selectorMistakes), ...foreign.map((label) => `no metric of ${expression} has ${label}`)]
}

function selectorMistakes({ metric, labels }: Selector): string[] {
  if (scrapeMetrics.has(metric)) return []
  const definition = definitionOf(metric)
  if (definition === undefined) return [`${metric} is not in the catalogue`]
  const unknown = labels.filter((label) => !labelsOf(metric).includes(label))
  return unknown.map((label) => `${metric} has no label ${label}`)
}

function selectorsOf(expression: string): Selector[] {
  return [...expression.matchAll(/([a-z_][a-z0-9_]*)\{([^}]*)\}/g)].map(([, metric = '', inside = '']) => ({
    metric,
    labels: [...inside.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"/g)].map(([, label = '']) => label),
  }))
}

function labelsOf(metric: string): string[] {
  const own = Object.keys(definitionOf(metric)?.labels ?? {})
  return [...own, ...sharedLabels, ...(metric.endsWith('_bucket') ? ['le'] : [])]
}

/** A histogram is only there as its parts. */
function definitionOf(metric: string): MetricDefinition | undefined {
  const histogram = metricNamed(metric.replace(/_(bucket|sum|count)$/, ''))
  if (histogram?.type === 'histogram') return histogram.name === metric ? undefined : histogram
  return metricNamed(metric)
}

function namesIn(list: string): string[] {
  return list.split(',').map((name) => name.trim())
}
