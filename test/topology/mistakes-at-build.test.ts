import { describe, expect, test } from 'vitest'
import { t } from '../../serdes/schema.ts'
import { windowed, windowResult } from '../../serdes/windowed.ts'
import { keyValueStore, windowStore } from '../../state/store-definitions.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { groupTopic, topic } from '../../topology/topic.ts'
import { hopping, tumbling } from '../../topology/windows.ts'

const input = topic('input', { key: t.string, value: t.int })
const output = topic('output', { key: t.string, value: t.int })
const windows = topic('windows', { key: windowed(t.string), value: windowResult(t.int) })
const table = { kind: 'test table', name: 'rows', accepts: (_: { readonly n: number }) => {} }
const counts = () => keyValueStore('counts', { key: t.string, value: t.int })
const perWindow = (name: string) => windowStore(name, { key: t.string, value: t.int })

const build = (describe: (streams: StreamsBuilder) => void) => () => {
  const streams = new StreamsBuilder('app')
  describe(streams)
  return streams.build()
}

describe('build refuses', () => {
  test('a sink in one sub-topology with state', () => {
    const mistake = build((streams) => {
      const stream = streams.stream(input)
      stream
        .groupByKey()
        .count(counts())
        .toStream()
        .sink(table, (n) => ({ n }))
    })
    expect(mistake).toThrow(
      'sink-rows stands in one sub-topology with count-counts: write to a topic first, and sink that topic',
    )
  })

  test('a sink beside a write', () => {
    const mistake = build((streams) => {
      const stream = streams.stream(input)
      stream.to(output)
      stream.sink(table, (n) => ({ n }))
    })
    expect(mistake).toThrow('write to a topic first')
  })

  test('two stores of a name', () => {
    const mistake = build((streams) => {
      streams.stream(input).groupByKey().count(counts())
      streams.stream(output).groupByKey().count(counts())
    })
    expect(mistake).toThrow("two steps keep stores named 'counts'")
  })

  test('a join of topics with different numbers of partitions', () => {
    const mistake = build((streams) => {
      const rows = streams.table(topic('rows', { key: t.string, value: t.int, partitions: 8 }), counts())
      streams
        .stream(input)
        .join(rows, (value) => value)
        .to(output)
    })
    expect(mistake).toThrow('rows (8) and input (4) are processed together')
  })

  test('one topic with two schemas', () => {
    const mistake = build((streams) => {
      streams.stream(input).to(output)
      streams.stream(topic('output', { key: t.string, value: t.string }))
    })
    expect(mistake).toThrow('topic output is declared twice')
  })

  test('one topic read as stream and as table', () => {
    const mistake = build((streams) => {
      const rows = streams.table(input, counts())
      streams
        .stream(input)
        .join(rows, (value) => value)
        .to(output)
    })
    expect(mistake).toThrow('input is read as')
  })

  test('windows over results that may still change', () => {
    const over = (emit: 'updates' | 'final') =>
      build((streams) => {
        const first = streams
          .stream(input)
          .groupByKey()
          .windowedBy(tumbling({ size: 10, grace: 0, emit }))
          .count(perWindow('first'))
        first.toStream().to(windows)
        const again = streams
          .stream(windows)
          .groupByKey()
          .windowedBy(tumbling({ size: 100, grace: 0 }))
        again.count(windowStore('second', { key: windowed(t.string), value: t.int }))
      })
    expect(over('updates')).toThrow("declare its windows with emit: 'final'")
    expect(over('final')).not.toThrow()
  })

  test('late entries of a grouped table that would be dropped', () => {
    const mistake = build((streams) => {
      streams
        .table(input, counts())
        .groupBy(groupTopic('g', { key: t.int, entry: t.int, source: { key: t.string, value: t.int } }), (n) => [
          { key: n, at: 0, value: 1 },
        ])
        .windowedBy(tumbling({ size: 10, grace: 0, late: 'drop' }))
    })
    expect(mistake).toThrow('would falsify a result')
  })

  test('two steps of one name', () => {
    const mistake = build((streams) => {
      const stream = streams.stream(input).filter(() => true, { name: 'mine' })
      stream.filter(() => true, { name: 'mine' }).to(output)
    })
    expect(mistake).toThrow("two steps are named 'mine'")
  })

  test('windows that leave gaps', () => {
    expect(() => hopping({ size: 5, advance: 10, grace: 0 })).toThrow('leave gaps')
    expect(() => tumbling({ size: 0, grace: 0 })).toThrow('size is 0')
  })
})

test('inserting a step renames neither a topic, a store nor another kind of step', () => {
  const names = (insert: boolean) => {
    const streams = new StreamsBuilder('app')
    const stream = streams.stream(input).filter(() => true)
    const next = insert ? stream.peek(() => {}) : stream
    next
      .mapValues((value) => value + 1)
      .groupByKey()
      .count(counts())
      .toStream()
      .to(output)
    const { topics, subtopologies } = streams.build()
    return [
      ...topics.map(({ name }) => name),
      ...subtopologies.flatMap(({ nodes, stores }) => [...nodes, ...stores].map(({ name }) => name)),
    ]
  }
  expect(names(true).filter((name) => !name.startsWith('peek'))).toEqual(names(false))
})

test('streams of one topic are one source', () => {
  const streams = new StreamsBuilder('app')
  streams.stream(input).to(output)
  streams.stream(input).groupByKey().count(counts())
  const { subtopologies } = streams.build()
  expect(
    subtopologies.map(({ sources }) => sources.map(({ topic, children }) => `${topic.name} ${children.length}`)),
  ).toEqual([['input 2']])
})
