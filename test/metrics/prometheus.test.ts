import fc from 'fast-check'
import { expect, test } from 'vitest'
import { catalogue, createMeasurements, startAtZero } from '../../metrics/catalogue.ts'
import { measureProcess } from '../../metrics/process.ts'
import { metricsPage } from '../../metrics/prometheus.ts'
import { lintPage } from './page-lint.ts'

const live = { app: 'sf311', mode: 'live' } as const

test('prints a counter, a gauge and a histogram with the labels of the application', async () => {
  const measurements = createMeasurements()
  measurements.cell('streams_records_consumed_total', { topic: 'sf311.raw' }).value = 12
  measurements.cell('streams_last_commit_timestamp_seconds').value = 1700000000.25
  measurements.histogram('streams_sink_batch_rows', { sink: 'cases' }).observe(70)
  const page = await metricsPage(measurements, live).render()
  expect(page).toContain('# TYPE streams_records_consumed_total counter\n')
  expect(page).toContain('streams_records_consumed_total{topic="sf311.raw",app="sf311",mode="live"} 12\n')
  expect(page).toContain('streams_last_commit_timestamp_seconds{app="sf311",mode="live"} 1700000000.25\n')
  expect(page).toContain('streams_sink_batch_rows_bucket{sink="cases",le="50",app="sf311",mode="live"} 0\n')
  expect(page).toContain('streams_sink_batch_rows_bucket{sink="cases",le="100",app="sf311",mode="live"} 1\n')
  expect(page).toContain('streams_sink_batch_rows_bucket{sink="cases",le="+Inf",app="sf311",mode="live"} 1\n')
  expect(page).toContain('streams_sink_batch_rows_sum{sink="cases",app="sf311",mode="live"} 70\n')
})

test('says that it is text format 0.0.4', () => {
  expect(metricsPage(createMeasurements(), live).contentType).toBe('text/plain; version=0.0.4; charset=utf-8')
})

test('computes what is computed on scrape, anew for every scrape', async () => {
  const measurements = createMeasurements()
  let windows = 0
  measurements.onScrape(() => {
    measurements.cell('streams_window_open', { node: 'hourly' }).value = ++windows
  })
  const page = metricsPage(measurements, live)
  await page.render()
  expect(await page.render()).toContain('streams_window_open{node="hourly",app="sf311",mode="live"} 2\n')
})

test('leaves out a series that was dropped', async () => {
  const measurements = createMeasurements()
  const labels = { topic: 'sf311.raw', partition: '0' }
  measurements.cell('streams_consumer_lag_records', labels).value = 5
  measurements.drop('streams_consumer_lag_records', labels)
  expect(await metricsPage(measurements, live).render()).not.toContain('streams_consumer_lag_records')
})

test('every metric of the catalogue makes a page without faults', async () => {
  const measurements = createMeasurements()
  for (const { name, labels } of catalogue) {
    const open = Object.entries(labels).filter(([, closed]) => closed === undefined)
    startAtZero(measurements, name, Object.fromEntries(open.map(([label]) => [label, `a ${label}`])))
  }
  const stop = measureProcess(measurements)
  const page = await metricsPage(measurements, live).render()
  stop()
  expect(lintPage(page)).toEqual([])
  for (const { name } of catalogue) expect(page).toContain(`# TYPE ${name} `)
})

test('a page is without faults whatever label values and observations there are', async () => {
  const anything = fc.record({
    node: fc.string({ unit: 'grapheme' }),
    count: fc.nat(),
    seconds: fc.array(fc.double({ min: 0, max: 1e6, noNaN: true })),
  })
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(anything, { selector: ({ node }) => node }), async (nodes) => {
      const measurements = createMeasurements()
      for (const { node, count, seconds } of nodes) {
        measurements.cell('streams_node_records_total', { node, direction: 'in' }).value = count
        const lateness = measurements.histogram('streams_record_lateness_seconds', { node })
        for (const one of seconds) lateness.observe(one)
      }
      expect(lintPage(await metricsPage(measurements, live).render())).toEqual([])
    }),
  )
})
