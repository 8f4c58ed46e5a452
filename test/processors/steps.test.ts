import { expect, test } from 'vitest'
import { BadRecord } from '../../core/errors.ts'
import { t } from '../../serdes/schema.ts'
import { keyValueStore } from '../../state/store-definitions.ts'
import type { Stream } from '../../topology/stream.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { groupTopic, topic } from '../../topology/topic.ts'
import { TopologyRig } from '../topology/topology-rig.ts'

class Order extends t.record('Order', { shop: t.string, amount: t.int }) {}
const input = topic('input', { key: t.string, value: t.int })
const output = topic('output', { key: t.string, value: t.int })
const orders = topic('orders', { key: t.string, value: Order })

/** Runs one stream over `key value` lines in one batch; gives what it wrote. */
async function through(
  describe: (stream: Stream<string, number>, streams: StreamsBuilder) => void,
  ...lines: string[]
) {
  const streams = new StreamsBuilder('app')
  describe(streams.stream(input), streams)
  const rig = await TopologyRig.open(streams.build())
  const records = lines.map((line, i) => {
    const [key, value] = line.split(' ')
    return { key, value: Number(value), at: i + 1 }
  })
  await rig.pipe('input', ...records)
  await rig.commit()
  return { rig, written: lined(rig) }
}

const lined = (rig: TopologyRig) => rig.take('output').map(({ key, value }) => `${key} ${value}`)

test('stateless steps map, filter, flatten, split and merge', async () => {
  const { written } = await through(
    (stream) => {
      const parts = stream
        .filter((value) => value > 0)
        .flatMapValues((value) => [value, value * 10])
        .split({ small: (value) => value < 10, medium: (value) => value < 100 })
      const small = parts.branch('small').mapValues((value) => value + 1)
      small.merge(parts.rest).to(output)
    },
    'a 1',
    'b -5',
    'c 20',
  )
  expect(written).toEqual(['a 2', 'c 200'])
})

test('a function that throws stops the worker, naming the step and the record', async () => {
  const broken = (value: number) => {
    if (value === 2) throw new Error('two')
    return value
  }
  const run = (onError: 'fail' | 'skip' | 'dead letter') =>
    through((stream) => stream.mapValues(broken, { onError }).to(output), 'a 1', 'b 2', 'c 3')
  await expect(run('fail')).rejects.toMatchObject({
    code: 'user_function',
    offset: 1,
    topicPartition: { topic: 'input' },
  })
  await expect(run('fail')).rejects.toThrow('the function of mapValues-input threw: two')
  const skipped = await run('skip')
  expect(skipped.written).toEqual(['a 1', 'c 3'])
  expect(skipped.rig.counts).toEqual({ 'mapValues-input skipped': 1 })
  const refused = await run('dead letter')
  expect(refused.written).toEqual(['a 1', 'c 3'])
  expect(refused.rig.deadLetters).toEqual([{ node: 'mapValues-input', reason: 'user_function', message: 'two' }])
})

test('a BadRecord is a dead letter under every policy', async () => {
  const refuse = (): number => {
    throw new BadRecord('too_odd', 'no')
  }
  const { rig } = await through((stream) => stream.mapValues(refuse).to(output), 'a 1')
  expect(rig.deadLetters).toEqual([{ node: 'mapValues-input', reason: 'too_odd', message: 'no' }])
})

test('functions can ask where their record stands', async () => {
  const { written } = await through(
    (stream) => stream.mapValues((_, __, place) => place.offset * 100 + place.timestamp).to(output),
    'a 0',
    'b 0',
  )
  expect(written).toEqual(['a 1', 'b 102'])
})

test('count and reduce keep a result a key and send it once a commit', async () => {
  const { rig, written } = await through(
    (stream) => {
      const counts = stream.groupByKey().count(keyValueStore('counts', { key: t.string, value: t.int }))
      counts.toStream().to(output)
    },
    'a 5',
    'b 5',
    'a 5',
  )
  expect(written).toEqual(['a 2', 'b 1'])
  await rig.pipe('input', { key: 'a', value: 1, at: 9 })
  await rig.commit()
  expect(lined(rig)).toEqual(['a 3'])
  const largest = await through(
    (stream) =>
      stream
        .groupByKey()
        .reduce(keyValueStore('largest', { key: t.string, value: t.int }), (total, value) =>
          Math.max(total ?? value, value),
        )
        .toStream()
        .to(output),
    'a 5',
    'a 9',
    'a 7',
  )
  expect(largest.written).toEqual(['a 9'])
})

test('a repartitioned stream is joined with a table of its new key', async () => {
  const wards = topic('wards', { key: t.int, value: t.int })
  const describe = (streams: StreamsBuilder) => {
    const table = streams.table(wards, keyValueStore('wards', { key: t.int, value: t.int }))
    const byValue = topic('by-value', { key: t.int, value: t.int })
    streams
      .stream(input)
      .repartition(byValue, (value) => value)
      .leftJoin(table, (value, ward) => value * 100 + (ward ?? 0))
      .selectKey((value) => String(value))
      .to(output)
  }
  const streams = new StreamsBuilder('app')
  describe(streams)
  const rig = await TopologyRig.open(streams.build())
  await rig.pipe('wards', { key: 1, value: 7, at: 1 }, { key: 2, value: 8, at: 1 }, { key: 2, value: undefined, at: 2 })
  await rig.pipe('input', { key: 'a', value: 1, at: 3 }, { key: 'b', value: 2, at: 3 })
  expect(lined(rig)).toEqual(['107 107', '200 200'])
})

test('a global table is joined by any key', async () => {
  const rates = topic('rates', { key: t.string, value: t.int })
  const streams = new StreamsBuilder('app')
  const table = streams.globalTable(rates)
  streams
    .stream(input)
    .joinGlobal(
      table,
      (value) => `rate ${value}`,
      (value, rate) => value * rate,
    )
    .to(output)
  const rig = await TopologyRig.open(streams.build())
  await rig.pipe('rates', { key: 'rate 2', value: 50, at: 1 })
  await rig.pipe('input', { key: 'a', value: 2, at: 2 }, { key: 'b', value: 3, at: 2 })
  expect(lined(rig)).toEqual(['a 100'])
  expect(rig.counts).toEqual({ 'joinGlobal-input skipped': 1 })
})

test('a grouped table is aggregated over all time, and its inputs come back with the result', async () => {
  class Priced extends t.extend('Priced', Order, { total: t.int }) {}
  const priced = topic('priced', { key: t.string, value: Priced })
  const streams = new StreamsBuilder('app')
  const totals = streams
    .table(orders, keyValueStore('orders', { key: t.string, value: Order }))
    .groupBy(
      groupTopic('by-shop', { key: t.string, entry: t.int, source: { key: t.string, value: Order } }),
      ({ shop, amount }) => [{ key: shop, at: 0, value: amount }],
    )
    .aggregate(keyValueStore('totals', { key: t.string, value: t.int }), {
      initial: 0,
      add: (total, amount) => total + amount,
      subtract: (total, amount) => total - amount,
      valid: (total) => total >= 0,
    })
  totals.toStream().to(output)
  totals.joinInput(Priced, (total, order) => ({ total: (total ?? 0) + order().amount })).to(priced)
  const rig = await TopologyRig.open(streams.build())
  const order = (key: string, shop: string, amount: number) => ({ key, value: new Order({ shop, amount }), at: 1 })
  await rig.pipe('orders', order('1', 'x', 5), order('2', 'x', 7), order('1', 'y', 5))
  await rig.commit()
  expect(lined(rig)).toEqual(['x 7', 'y 5'])
  expect(rig.take('priced').map(({ key, value }) => [key, value])).toEqual([
    ['1', { shop: 'x', amount: 5, total: 10 }],
    ['2', { shop: 'x', amount: 7, total: 19 }],
    ['1', { shop: 'y', amount: 5, total: 10 }],
  ])
  await rig.pipe('orders', { key: '2', value: undefined, at: 2 })
  await rig.commit()
  expect(lined(rig)).toEqual(['x undefined'])
})

test('a processor of its own reads declared keys, and is punctuated by event time', async () => {
  const seen = keyValueStore('seen', { key: t.string, value: t.int })
  const describe = (stream: Stream<string, number>) =>
    stream
      .processValues<number>(
        (context) => {
          const store = context.keyValue(seen)
          return {
            keys: (_, key) => store.declare(key),
            process: (value, key, emit) => {
              const total = (store.get(key) ?? 0) + value
              store.put(key, total)
              emit(total)
            },
            onEventTime: {
              everyMs: 10,
              run: async (time, emit) => store.scan((key, total) => emit(key, total * 1000 + time)),
            },
          }
        },
        { stores: [seen] },
      )
      .to(output)
  const { rig, written } = await through(describe, 'a 1', 'a 2', 'b 5')
  expect(written).toEqual(['a 1', 'a 3', 'b 5'])
  await rig.commit(25)
  expect(lined(rig).sort()).toEqual(['a 3020', 'b 5020'])
  await rig.commit(29)
  expect(lined(rig)).toEqual([])
})

test('reading a key that was not declared throws', async () => {
  const seen = keyValueStore('seen', { key: t.string, value: t.int })
  const run = through(
    (stream) =>
      void stream.processValues(
        (context) => {
          const store = context.keyValue(seen)
          return { process: (_, key) => void store.get(key) }
        },
        { stores: [seen] },
      ),
    'a 1',
  )
  await expect(run).rejects.toMatchObject({ code: 'undeclared_key' })
})
