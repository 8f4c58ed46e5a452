// A topology of twelve tasks that shows who works when: what comes in is passed on in its partition, and counted by those behind.
import { hours } from '../../core/duration.ts'
import { t } from '../../serdes/schema.ts'
import { windowed, windowResult } from '../../serdes/windowed.ts'
import { windowStore } from '../../state/store-definitions.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { deadLetterTopic, topic } from '../../topology/topic.ts'
import { tumbling } from '../../topology/windows.ts'

export const PARTITIONS = 6
export const TASKS = 2 * PARTITIONS

export class Baton extends t.record('Baton', { at: t.instant, number: t.int }) {}

/** Each relay has topics of its own. */
export function relayNamed(name: string) {
  const batons = { key: t.string, value: Baton, timestamp: ({ at }: Baton) => at, partitions: PARTITIONS }
  const started = topic(`${name}-started`, { ...batons, config: { timestampType: 'LogAppendTime' } })
  const passed = topic(`${name}-passed`, batons)
  const totals = topic(`${name}-totals`, {
    key: windowed(t.string),
    value: windowResult(t.int),
    partitions: PARTITIONS,
  })
  const streams = new StreamsBuilder(name, { deadLetters: deadLetterTopic(`${name}-dropped`, started) })
  streams.stream(started).to(passed)
  streams
    .stream(passed)
    .groupByKey()
    .windowedBy(tumbling({ size: hours(24), grace: hours(24) }))
    .count(windowStore('totals-by-key', { key: t.string, value: t.int }))
    .toStream()
    .to(totals)
  return { topology: streams.build(), started: started.name, passed: passed.name, totals: totals.name }
}
