// A small topology for input of every kind: readings of sensors, passed on, counted by hour, kept as a table, and written as rows.
import { hours } from '../../core/duration.ts'
import { t } from '../../serdes/schema.ts'
import { windowed, windowResult } from '../../serdes/windowed.ts'
import { pg, pgTable } from '../../sinks/postgres/table.ts'
import { windowStore } from '../../state/store-definitions.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { deadLetterTopic, topic } from '../../topology/topic.ts'
import { tumbling } from '../../topology/windows.ts'

export class Reading extends t.record('Reading', {
  at: t.instant,
  value: t.double,
  total: t.long,
  note: t.string,
  tags: t.map(t.string),
}) {}

export const readings = topic('readings', {
  key: t.string,
  value: Reading,
  timestamp: ({ at }) => at,
  partitions: 1,
  config: { timestampType: 'LogAppendTime' },
})
export const badReadings = deadLetterTopic('bad-readings', readings)
export const passedOn = topic('passed-on', { key: t.string, value: Reading, partitions: 1 })
export const hourly = topic('hourly', { key: windowed(t.string), value: windowResult(t.int), partitions: 1 })
export const rows = pgTable(
  'readings',
  { sensor: pg.text(), at: pg.timestamptz, value: pg.float8, total: pg.int8, note: pg.text(), tags: pg.jsonb() },
  { key: ['sensor'] },
)

export interface ReadingsOptions {
  /** Called for each reading; what it returns is the note that goes on. */
  readonly annotate?: (reading: Reading) => string
  readonly onError?: 'fail' | 'skip' | 'dead letter'
}

export function readingsTopology({
  annotate = ({ note }) => note,
  onError = 'fail',
}: ReadingsOptions = {}): CompiledTopology {
  const streams = new StreamsBuilder('meters', { deadLetters: badReadings })
  const all = streams.stream(readings)
  all.mapValues((reading) => new Reading({ ...reading, note: annotate(reading) }), { onError }).to(passedOn)
  all
    .groupByKey()
    .windowedBy(tumbling({ size: hours(1), grace: 0 }))
    .count(windowStore('hourly-readings', { key: t.string, value: t.int }))
    .toStream()
    .to(hourly)
  streams
    .stream(passedOn)
    .sink(rows, ({ at, value, total, note, tags }, sensor) => ({ sensor, at, value, total, note, tags }))
  return streams.build()
}
