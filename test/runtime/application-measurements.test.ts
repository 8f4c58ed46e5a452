// What rates and gauges are made of: records that are counted once, whoever commits them, and figures that go with their partition.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ProducerFenced } from '../../core/errors.ts'
import { withFaults } from '../../kafka/embedded/fault-hooks.ts'
import { createMeasurements } from '../../metrics/catalogue.ts'
import type { Labels, Measurements } from '../../metrics/measurements.ts'
import { PartitionGauges } from '../../runtime/partition-gauges.ts'
import { Rebalances } from '../../runtime/rebalances.ts'
import { RestoreProgress } from '../../runtime/restore-progress.ts'
import type { TaskSnapshot } from '../../runtime/snapshot.ts'
import { WorkTimes } from '../../runtime/work-times.ts'
import { Meters, now } from '../support/meters.ts'
import { passedOn, readings, readingsTopology } from '../support/readings.ts'

describe('counters', () => {
  let meters: Meters
  beforeEach(async () => {
    meters = await Meters.open()
  })
  afterEach(() => meters.cluster.close())

  test('over all processes each record is counted once, by the one that committed it', async () => {
    const [first, second] = [createMeasurements(), createMeasurements()]
    const one = await meters.start({ measurements: first })
    await meters.write(['a', 'b', 'c'])
    await meters.settle(one)
    await one.close()
    const other = await meters.start({ measurements: second })
    await meters.write(['d', 'e'])
    await meters.settle(other)
    expect(measured(first, 'streams_records_consumed_total', { topic: readings.name })).toBe(3)
    expect(measured(second, 'streams_records_consumed_total', { topic: readings.name })).toBe(2)
    expect(measured(second, 'streams_records_consumed_total', { topic: passedOn.name })).toBe(2)
    expect(other.snapshot().nodes[0]?.in).toBe(5)
    await other.close()
  })

  test('a record that is processed again after a failed commit is counted once', async () => {
    const measurements = createMeasurements()
    let failures = 0
    const faulty = withFaults(meters.cluster, {
      before: (call) => {
        if (call === 'sendOffsets' && failures++ === 0) throw new ProducerFenced('fenced', 'somebody else writes')
      },
    })
    const application = await meters.start({ measurements, cluster: { ...faulty, close: async () => {} } })
    await meters.write(['a', 'b', 'c'])
    const settled = meters.settle(application)
    const advancing = setInterval(() => meters.clock.advance(10), 1)
    await settled
    clearInterval(advancing)
    expect(failures).toBeGreaterThan(1)
    expect(measured(measurements, 'streams_records_consumed_total', { topic: readings.name })).toBe(3)
    expect(measured(measurements, 'streams_errors_total', { kind: 'fenced', action: 'new_incarnation' })).toBe(1)
    await application.close()
  })

  test('the time of the last input moves with records, not with commits', async () => {
    const measurements = createMeasurements()
    const application = await meters.start({ measurements })
    await meters.write(['a'])
    await meters.settle(application)
    meters.clock.advance(3_600_000)
    await meters.settle(application)
    expect(measured(measurements, 'streams_last_input_timestamp_seconds', { topic: readings.name })).toBe(now / 1000)
    await application.close()
  })
})

test('a partition that goes takes its figures along; one that is not open yet keeps them', () => {
  const measurements = createMeasurements()
  const gauges = new PartitionGauges(measurements)
  const task = { task: '0_1', state: 'RUNNING', watermark: undefined, stores: [], openWindows: {}, bufferedRows: 0 }
  const inputs = [{ topic: 'raw', partition: 1, committed: 5, end: 12, earliest: 0, readUpTo: 1_000 }]
  const open: TaskSnapshot = { ...task, inputs }
  const place = { topic: 'raw', partition: 1, offset: 5 }
  const heldBack = [{ ...place, since: 2_000 }]
  const awaitedSchemas = [{ ...place, schemaId: 7, since: 1_500, reason: 'no answer' }]
  const assigned = new Set(['0_1'])
  const lag = () => measured(measurements, 'streams_consumer_lag_records', { topic: 'raw', partition: '1' })
  gauges.observe({ tasks: [open], heldBack, awaitedSchemas, at: 4_000 }, assigned)
  expect(lag()).toBe(7)
  expect(measured(measurements, 'streams_consumer_lag_seconds', { topic: 'raw', partition: '1' })).toBe(3)
  expect(measured(measurements, 'streams_consumer_held_back_seconds', { topic: 'raw', partition: '1' })).toBe(2)
  expect(measured(measurements, 'streams_consumer_schema_wait_seconds', { topic: 'raw', partition: '1' })).toBe(2.5)
  const opening = [{ ...open, state: 'CLAIMING', inputs: [] }]
  gauges.observe({ tasks: opening, heldBack: [], awaitedSchemas: [], at: 5_000 }, assigned)
  expect(lag()).toBe(7)
  gauges.observe({ tasks: [], heldBack: [], awaitedSchemas: [], at: 6_000 }, new Set())
  expect(lag()).toBeUndefined()
})

test('a rebalance is counted with what changed, and lasts until all tasks run', () => {
  const measurements = createMeasurements()
  const rebalances = new Rebalances(measurements, readingsTopology())
  const [a, b] = [
    { subtopology: 0, partition: 0 },
    { subtopology: 1, partition: 0 },
  ]
  const alone = [a]
  rebalances.follow(alone, false, { begunAt: 0, endedAt: 100 })
  rebalances.follow(alone, true, { begunAt: 100, endedAt: 2_000 })
  rebalances.follow([a, b], true, { begunAt: 5_000, endedAt: 5_500 })
  rebalances.follow([b], true, { begunAt: 6_000, endedAt: 6_000 })
  rebalances.follow([a], true, { begunAt: 7_000, endedAt: 7_000 })
  const counted = (reason: string) => measured(measurements, 'streams_rebalances_total', { reason })
  expect(['start', 'gained', 'lost', 'exchanged'].map(counted)).toEqual([1, 1, 1, 1])
  expect(measurements.histogram('streams_rebalance_duration_seconds', { reason: 'start' }).sum).toBe(2)
  expect(measurements.histogram('streams_rebalance_duration_seconds', { reason: 'gained' }).sum).toBe(0.5)
  expect(measured(measurements, 'streams_assigned_partitions')).toBe(1)
})

test('a restore that begins anew is read anew, and what is left ends at nothing', () => {
  const measurements = createMeasurements()
  const progress = new RestoreProgress(measurements)
  progress.restoring('0_0', 400, 1_000)
  progress.restoring('0_1', 10, 10)
  expect(progress.now).toEqual({ done: 410, total: 1_010 })
  progress.restoring('0_0', 300, 1_000)
  progress.restoring('0_0', 1_000, 1_000)
  progress.opened('0_0', 5_000)
  expect(measured(measurements, 'streams_restore_records_total', { task: '0_0' })).toBe(1_400)
  expect(measured(measurements, 'streams_restore_remaining_records', { task: '0_0' })).toBe(0)
  progress.forgetAllBut(new Set())
  expect(progress.now).toBeUndefined()
})

test('the times of a worker add up to wall time', () => {
  const measurements = createMeasurements()
  let seconds = 50
  const times = new WorkTimes(measurements, () => seconds)
  for (const [work, lasts] of [
    ['opening', 3],
    ['waiting', 5],
    ['processing', 2],
    ['committing', 1],
  ] as const) {
    times.enter(work)
    seconds += lasts
  }
  measurements.collect()
  const spent = (state: string) => measured(measurements, 'streams_worker_time_seconds_total', { state })
  expect(['opening', 'waiting', 'processing', 'committing', 'backing_off'].map(spent)).toEqual([3, 5, 2, 1, 0])
  seconds += 4
  measurements.collect()
  expect(spent('committing')).toBe(5)
})

function measured({ scalars }: Measurements, name: string, labels: Labels = {}): number | undefined {
  const cells = [...(scalars.get(name)?.cells.values() ?? [])]
  const wanted = JSON.stringify(Object.entries(labels).sort())
  return cells.find((one) => JSON.stringify(Object.entries(one.labels).sort()) === wanted)?.cell.value
}
