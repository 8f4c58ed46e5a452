import { expect, it } from 'vitest'
import { seededRandom, TopologyTestDriver } from '../testing.ts'
import {
  badOrders,
  expected,
  orders,
  orderTable,
  orderTopology,
  priced,
  sales,
  someOrders,
  versionTable,
} from './simulation/orders.ts'

it('runs a topology from its inputs to its rows, through a crash', async () => {
  const driver = await TopologyTestDriver.open(orderTopology())
  const rows = someOrders(seededRandom(7), 200)
  const input = driver.input(orders)
  await input.pipe(...rows.slice(0, 90).map(({ id, order }) => ({ key: id, value: order })))
  await driver.crash()
  await input.pipe(...rows.slice(90).map(({ id, order }) => ({ key: id, value: order })))

  const want = expected(rows)
  const enriched = await driver.output(priced).read()
  const versions = new Map<string, number[]>()
  for (const { key, value } of enriched) versions.set(key, [...(versions.get(key) ?? []), value?.version ?? -1])
  for (const [id, accepted] of want.accepted)
    expect(versions.get(id)?.toSorted(), id).toEqual(accepted.map(({ version }) => version).toSorted())
  expect(versions.size).toBe(want.accepted.size)

  const counts = new Map<string, unknown>()
  for (const { key, value } of await driver.output(sales).read()) {
    const name = `${key.key}@${key.start}`
    if (value === undefined) counts.delete(name)
    else counts.set(name, { ...value.value })
  }
  expect(new Map([...counts].sort())).toEqual(new Map([...want.sales].sort()))
  expect((await driver.output(badOrders).read()).length).toBe(want.bad)
  expect(driver.rows(orderTable).length).toBe(want.accepted.size)
  expect(driver.rows(versionTable).length).toBe(enriched.length)
  await driver.close()
})
