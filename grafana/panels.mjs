// What the dashboards are made of: panels in rows, with the variables, units and words that all of them share.
// Queries are written with braces, `up{}`; the choice of application, instance and mode is put into each of them.

const datasource = { type: 'prometheus', uid: '$' + '{datasource}' }
const chosen = 'app=~"$app",instance=~"$instance",mode="$mode"'

/** One figure. `steps`: from which value on it is orange, and red. */
export function stat(title, description, { unit, noValue = 'no data', steps = {}, named = false }, legend, query) {
  return {
    ...panel('stat', title, description, [[legend, query]], { instant: true }),
    fieldConfig: { defaults: { unit, noValue, thresholds: thresholds(steps) }, overrides: [] },
    options: {
      reduceOptions: { calcs: ['lastNotNull'], fields: '', values: false },
      colorMode: named ? 'value' : 'background',
      graphMode: 'none',
      textMode: named ? 'name' : 'auto',
      justifyMode: 'auto',
      orientation: 'auto',
    },
  }
}

/** Lines over time; `queries` as [legend, query]. `red`: a line that should not be crossed. */
export function series(title, description, { unit, noValue = 'no data', stacked = false, red }, ...queries) {
  return {
    ...panel('timeseries', title, description, queries, { instant: false }),
    fieldConfig: {
      defaults: {
        unit,
        noValue,
        thresholds: thresholds({ red }),
        min: 0,
        custom: {
          lineWidth: 1,
          fillOpacity: stacked ? 30 : 8,
          showPoints: 'never',
          stacking: { mode: stacked ? 'normal' : 'none' },
          thresholdsStyle: { mode: red === undefined ? 'off' : 'line' },
        },
      },
      overrides: [],
    },
    options: {
      legend: { showLegend: true, displayMode: 'table', placement: 'bottom', calcs: ['lastNotNull', 'max'] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  }
}

/** A second's worth of a counter, summed by labels. */
export function perSecond(metric, by) {
  return `sum by (${by}) (rate(${metric}[$__rate_interval]))`
}

/** A quantile of a histogram, for all series together or for each value of labels. */
export function quantile(share, metric, by = '') {
  const [name, inside = ''] = metric.split(/[{}]/)
  const labels = by === '' ? 'le' : `le, ${by}`
  return `histogram_quantile(${share}, sum by (${labels}) (rate(${name}_bucket{${inside}}[$__rate_interval])))`
}

/** `rows`: panels side by side share a row; figures make a low one. */
export function board({ uid, title, description, rows }) {
  return {
    uid: `millrace-${uid}`,
    title: `Millrace: ${title}`,
    description,
    tags: ['millrace'],
    schemaVersion: 41,
    version: 1,
    editable: false,
    graphTooltip: 1,
    refresh: '10s',
    time: { from: 'now-30m', to: 'now' },
    timezone: 'browser',
    weekStart: 'monday',
    templating: { list: [source, ...variables] },
    annotations: { list: [starts] },
    links: [others],
    panels: laidOut(rows),
  }
}

function laidOut(rows) {
  let y = 0
  let id = 0
  return rows.flatMap((row) => {
    const h = row.every(({ type }) => type === 'stat') ? 4 : 8
    const w = 24 / row.length
    const placed = row.map((one, i) => ({ id: ++id, ...one, gridPos: { x: i * w, y, w, h } }))
    y += h
    return placed
  })
}

function panel(type, title, description, queries, { instant }) {
  const targets = queries.map(([legendFormat, query], i) => ({
    refId: String.fromCharCode(65 + i),
    datasource,
    expr: selected(query),
    legendFormat,
    range: !instant,
    instant,
  }))
  return { type, title, description, datasource, targets }
}

function selected(query) {
  return query.replace(/\{([^}]*)\}/g, (_, inside) => `{${inside === '' ? '' : `${inside},`}${chosen}}`)
}

function thresholds({ orange, red }) {
  const steps = [
    { color: 'green', value: null },
    { color: 'orange', value: orange },
    { color: 'red', value: red },
  ]
  return { mode: 'absolute', steps: steps.filter(({ value }) => value !== undefined) }
}

const source = {
  name: 'datasource',
  label: 'Data source',
  type: 'datasource',
  query: 'prometheus',
  refresh: 1,
  current: { text: 'Prometheus', value: 'prometheus' },
}

const variables = [
  variable('app', 'Application', 'label_values(streams_app_info, app)'),
  variable('instance', 'Instance', 'label_values(streams_app_info{app=~"$app"}, instance)'),
  { ...variable('mode', 'Mode', 'label_values(streams_app_info, mode)'), ...oneOnly('live') },
]

function variable(name, label, query) {
  return {
    name,
    label,
    type: 'query',
    datasource,
    query: { query, refId: 'variable' },
    definition: query,
    refresh: 2,
    includeAll: true,
    multi: true,
    allValue: '.*',
    current: { text: 'All', value: '$__all' },
    sort: 1,
  }
}

function oneOnly(value) {
  return { includeAll: false, multi: false, allValue: '', current: { text: value, value } }
}

const starts = {
  name: 'Starts',
  datasource,
  enable: true,
  iconColor: 'blue',
  expr: `changes(process_start_time_seconds{${chosen}}[1m]) > 0`,
  step: '60s',
  titleFormat: '{{instance}} started',
}

const others = {
  type: 'dashboards',
  title: 'Millrace',
  tags: ['millrace'],
  asDropdown: false,
  includeVars: true,
  keepTime: true,
  targetBlank: false,
  icon: 'external link',
  tooltip: '',
  url: '',
}
