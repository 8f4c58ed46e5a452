import { expect, test } from 'vitest'
import { catalogue, createMeasurements, metricNamed, startAtZero, undeclared } from '../../metrics/catalogue.ts'
import { measureProcess } from '../../metrics/process.ts'

test('every metric has one name, a help sentence, and buckets that rise if it is a histogram', () => {
  expect(new Set(catalogue.map(({ name }) => name)).size).toBe(catalogue.length)
  for (const { name, help, type, buckets } of catalogue) {
    expect(help, name).toMatch(/^[A-Z].*\.$/)
    expect(buckets.length > 0, name).toBe(type === 'histogram')
    expect(
      [...buckets].sort((a, b) => a - b),
      name,
    ).toEqual(buckets)
  }
})

test('the freshness objective of 60 s is a bucket bound, so that its share is exact', () => {
  expect(metricNamed('streams_record_e2e_latency_seconds')?.buckets).toContain(60)
})

test('names what was measured without being in the catalogue, and what has other labels than declared', () => {
  const measurements = createMeasurements()
  measurements.cell('streams_records_consumed_total', { topic: 'sf311.raw' }).value++
  measurements.cell('streams_records_consumed_total', { partition: '3' }).value++
  measurements.cell('streams_surprises_total').value++
  expect(undeclared(measurements)).toEqual(['streams_records_consumed_total{partition}', 'streams_surprises_total{}'])
})

test('a histogram that is not in the catalogue cannot be measured', () => {
  expect(() => createMeasurements().histogram('streams_surprise_seconds')).toThrow('metrics/catalogue.ts')
})

test('starts every series of the closed labels at zero', () => {
  const measurements = createMeasurements()
  startAtZero(measurements, 'streams_records_dropped_total', { node: 'cases' })
  const series = [...(measurements.scalars.get('streams_records_dropped_total')?.cells.values() ?? [])]
  expect(series.map(({ labels }) => labels.reason)).toEqual([
    'late',
    'expired',
    'null_key',
    'duplicate',
    'stale',
    'tombstone',
    'skipped',
  ])
  expect(series.every(({ labels, cell }) => labels.node === 'cases' && cell.value === 0)).toBe(true)
})

test('measures nothing about the process that is not in the catalogue', () => {
  const measurements = createMeasurements()
  const stop = measureProcess(measurements)
  measurements.collect()
  stop()
  expect(undeclared(measurements)).toEqual([])
})
