// Under which subjects the schemas of an application stand.
import { expect, test } from 'vitest'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { t } from '../../serdes/schema.ts'
import type { SubjectStrategy } from '../../serdes/subject.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { topic } from '../../topology/topic.ts'

const Ride = t.record('Ride', { minutes: t.int })
const Trip = t.record('Trip', { minutes: t.int })

/** An application that reads rides and writes trips; the topic of trips may have its own mind. */
async function subjectsOf(application?: SubjectStrategy, trips?: SubjectStrategy): Promise<readonly string[]> {
  const streams = new StreamsBuilder('bikes', application === undefined ? {} : { subjects: application })
  const subjects = trips === undefined ? {} : { subjects: trips }
  streams
    .stream(topic('rides', { key: t.string, value: Ride }))
    .mapValues(({ minutes }) => new Trip({ minutes }))
    .to(topic('trips', { key: t.string, value: Trip, ...subjects }))
  const registry = await openEmbeddedRegistry()
  for (const { role, serdes } of streams.build().topics) if (role !== 'changelog') await serdes(registry)
  return registry.subjects()
}

test.each([
  [undefined, ['rides-value', 'trips-value']],
  ['TopicName', ['rides-value', 'trips-value']],
  ['RecordName', ['Ride', 'Trip']],
  ['TopicRecordName', ['rides-Ride', 'trips-Trip']],
] as const)('an application may name them by %s', async (strategy, subjects) => {
  expect(await subjectsOf(strategy)).toEqual(subjects)
})

test('a topic that says it itself is named so, whatever the application says', async () => {
  expect(await subjectsOf('RecordName', 'TopicRecordName')).toEqual(['Ride', 'trips-Trip'])
  expect(await subjectsOf(undefined, 'RecordName')).toEqual(['Trip', 'rides-value'])
})

test('values that are no records have no name to be found under', async () => {
  const streams = new StreamsBuilder('bikes', { subjects: 'RecordName' })
  streams
    .stream(topic('names', { key: t.string, value: t.string }))
    .to(topic('copies', { key: t.string, value: t.string }))
  const [names] = streams.build().topics
  await expect(names?.serdes(await openEmbeddedRegistry())).rejects.toThrow(
    'topic names has values of type string, which have no name to make a RecordName subject of: use TopicName, or a record',
  )
})
