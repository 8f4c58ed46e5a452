import { expect, test } from 'vitest'
import { t } from '../../serdes/schema.ts'
import { versionedStore } from '../../state/store-definitions.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { topic } from '../../topology/topic.ts'
import { TopologyRig } from '../topology/topology-rig.ts'

class Row extends t.record('Row', { updated: t.int, loaded: t.string, text: t.string }) {}
const rows = topic('rows', { key: t.string, value: Row })
const newest = topic('newest', { key: t.string, value: Row })

async function open() {
  const streams = new StreamsBuilder('app')
  const store = versionedStore('rows', { key: t.string, value: Row, version: t.tuple(t.int, t.string) })
  streams
    .stream(rows)
    .toTable(store, {
      version: ({ updated, loaded }) => [updated, loaded],
      keep: ({ updated, loaded, text }) => ({ updated, loaded, text }),
      content: ({ text }) => text,
    })
    .toStream()
    .to(newest)
  return TopologyRig.open(streams.build())
}

/** Each line is `updated loaded text`; gives the outcome of each. */
async function outcomesOf(...lines: readonly string[]): Promise<string[]> {
  const rig = await open()
  const outcomes: string[] = []
  for (const line of lines) {
    const [updated, loaded = '', text = ''] = line.split(' ')
    const before = { ...rig.counts }
    await rig.pipe('rows', { key: 'k', value: new Row({ updated: Number(updated), loaded, text }), at: 1 })
    const counted = Object.keys(rig.counts).filter((name) => rig.counts[name] !== before[name])
    const goesOn = rig.take('newest').length
    outcomes.push(`${line} → ${counted.join().replace('toTable-rows ', '')}${goesOn > 0 ? ', goes on' : ''}`)
  }
  return outcomes
}

test('the newest version wins, and what is told apart are time, row version and content', async () => {
  expect(
    await outcomesOf('5 a x', '5 a x', '4 z y', '5 b x', '5 a y', '5 b y', '5 b x', '5 c x', '6 a x', '6 b y'),
  ).toEqual([
    '5 a x → accepted, goes on',
    '5 a x → duplicate',
    '4 z y → stale',
    '5 b x → duplicate',
    '5 a y → stale',
    '5 b y → conflict, goes on',
    '5 b x → duplicate',
    '5 c x → accepted, goes on',
    '6 a x → duplicate',
    '6 b y → accepted, goes on',
  ])
})

test('a greater version with the same content makes older ones stale', async () => {
  expect(await outcomesOf('5 a x', '7 a x', '6 a y')).toEqual([
    '5 a x → accepted, goes on',
    '7 a x → duplicate',
    '6 a y → stale',
  ])
})

test('eight contents of one time are remembered', async () => {
  const contents = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const again = (
    await outcomesOf(...contents.map((text) => `1 - ${text}`), ...contents.map((text) => `1 - ${text}`))
  ).slice(8)
  expect(again.every((line) => line.endsWith('duplicate'))).toBe(true)
})
