import { expect, test } from 'vitest'
import { TopologyTestDriver } from '../../testing.ts'
import { bikes, hourly, rides } from './bikes.ts'

test('adds up the rides of a station by the hour, through a crash', async () => {
  const driver = await TopologyTestDriver.open(bikes, { startAt: Date.parse('2026-01-01T11:00Z') })
  const ride = (minutes: number, at: string) => ({ key: 'Ferry', value: { minutes }, timestamp: Date.parse(at) })
  await driver.input(rides).pipe(ride(12, '2026-01-01T09:10Z'))
  await driver.crash()
  await driver.input(rides).pipe(ride(30, '2026-01-01T09:50Z'), ride(5, '2026-01-01T10:01Z'))

  const totals = new Map((await driver.output(hourly).read()).map(({ key, value }) => [key.start, value?.value]))
  expect(totals.get(Date.parse('2026-01-01T09:00Z'))).toMatchObject({ rides: 2, minutes: 42 })
  expect(totals.get(Date.parse('2026-01-01T10:00Z'))).toMatchObject({ rides: 1, minutes: 5 })
  await driver.close()
})
