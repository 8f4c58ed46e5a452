// What Grafana itself cannot be asked here: whether each panel asks for metrics that exist, and whether the file is one that Grafana shows as it is meant.
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { mistakesIn, read, root } from './expressions.ts'

interface Panel {
  readonly id: number
  readonly type: string
  readonly title: string
  readonly description: string
  readonly datasource: { readonly uid: string }
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly targets: readonly {
    readonly expr: string
    readonly legendFormat: string
    readonly datasource: { readonly uid: string }
  }[]
  readonly fieldConfig: { readonly defaults: { readonly unit: string; readonly noValue: string } }
}

interface Dashboard {
  readonly uid: string
  readonly panels: readonly Panel[]
  readonly templating: { readonly list: readonly { readonly name: string; readonly definition?: string }[] }
  readonly annotations: { readonly list: readonly { readonly expr: string }[] }
}

const folder = 'grafana/dashboards'
/** Of Grafana's list of units. */
const units = ['none', 'short', 's', 'percentunit', 'reqps', 'bytes', 'Bps']

describe.each(readdirSync(join(root, folder)))('%s', (file) => {
  const { panels, templating, annotations, uid }: Dashboard = JSON.parse(read(join(folder, file)))

  test.each(panels.map((panel) => [panel.title, panel] as const))('"%s" asks for metrics that exist', (_, panel) => {
    const shown = (legend: string) => [...legend.matchAll(/\{\{(\w+)\}\}/g)].map(([, label = '']) => label)
    const mistakes = panel.targets.flatMap(({ expr, legendFormat }) => mistakesIn(expr, shown(legendFormat)))
    expect(mistakes).toEqual([])
  })

  test('its variables and annotations ask for metrics that exist', () => {
    const queries = templating.list.flatMap(({ definition }) => definition ?? [])
    const asked = [...queries.map(withBraces), ...annotations.list.map(({ expr }) => expr)]
    expect(asked.length).toBeGreaterThan(0)
    expect(asked.flatMap((expression) => mistakesIn(expression))).toEqual([])
  })

  test('every variable that it uses is one of its own, or Grafana’s', () => {
    const own = templating.list.map(({ name }) => name)
    const used = [...JSON.stringify(panels).matchAll(/\$\{?(\w+)/g)].map(([, name = '']) => name)
    expect(used.filter((name) => !own.includes(name) && !name.startsWith('__'))).toEqual([])
  })

  test('panels have an id, a description, a unit and a word for no data', () => {
    expect(uid).not.toBe('')
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    for (const { description, fieldConfig, id } of panels) {
      expect(id).toBeGreaterThan(0)
      expect(description).not.toBe('')
      expect(units).toContain(fieldConfig.defaults.unit)
      expect(fieldConfig.defaults.noValue).not.toBe('')
    }
  })

  test('all of them read the data source that the variable names', () => {
    const sources = panels.flatMap(({ datasource, targets }) => [datasource, ...targets.map((one) => one.datasource)])
    expect(new Set(sources.map((source) => source.uid))).toEqual(new Set(['$' + '{datasource}']))
  })

  test('is what its board says (else: node scripts/dashboards.mjs)', async () => {
    const { default: board } = await import(`../../grafana/boards/${file.replace('.json', '')}.mjs`)
    expect(JSON.parse(read(join(folder, file)))).toEqual(JSON.parse(JSON.stringify(board)))
  })

  test('panels lie in the grid, and none on another', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    )
    expect(new Set(cells).size).toBe(cells.length)
    expect(panels.every(({ gridPos }) => gridPos.x + gridPos.w <= 24)).toBe(true)
  })
})

test('every board has its dashboard', () => {
  const names = (of: string) => readdirSync(join(root, of)).map((file) => file.replace(/\.\w+$/, ''))
  expect(names(folder)).toEqual(names('grafana/boards'))
})

test('Grafana is told where Prometheus and the dashboards are', () => {
  const { datasources } = parse(read('grafana/provisioning/datasources/prometheus.yml'))
  expect(datasources).toMatchObject([{ uid: 'prometheus', type: 'prometheus', url: 'http://prometheus:9090' }])
  const { providers } = parse(read('grafana/provisioning/dashboards/millrace.yml'))
  const { services } = parse(read('docker-compose.yml'))
  expect(services.grafana.volumes).toContain(`./${folder}:${providers[0].options.path}:ro`)
})

test('the operations page names dashboards and panels that there are', () => {
  const dashboards = readdirSync(join(root, folder)).map((file) => JSON.parse(read(join(folder, file))))
  const titles = dashboards.map(({ title }) => title.replace('Millrace: ', ''))
  const panels = dashboards.flatMap((dashboard: Dashboard) => dashboard.panels.map(({ title }) => title))
  const named = (kind: RegExp) => [...read('docs/operations.md').matchAll(kind)].map(([, name = '']) => name)
  expect(named(/[Dd]ashboard \*([^*]+)\*/g).filter((name) => !titles.includes(name))).toEqual([])
  expect(named(/[Pp]anels? \*([^*]+)\*/g).filter((name) => !panels.includes(name))).toEqual([])
})

test('a mistake in a panel would be found', () => {
  expect(mistakesIn('rate(streams_records_read_total{app="a"}[1m])')).toEqual([
    'streams_records_read_total is not in the catalogue',
  ])
  expect(mistakesIn('sum(streams_app_state{topic="a"})')).toEqual(['streams_app_state has no label topic'])
  expect(mistakesIn('sum by (node) (up{job="a"})')).toEqual(['no metric of sum by (node) (up{job="a"}) has node'])
  expect(mistakesIn('streams_commit_duration_seconds{app="a"}')).toEqual([
    'streams_commit_duration_seconds is not in the catalogue',
  ])
})

/** `label_values(metric, label)` → an expression that selects the metric. */
function withBraces(query: string): string {
  return query.replace(/^label_values\(([a-z_]+),/, 'label_values($1{},')
}
