import { expect, test } from 'vitest'
import { t } from '../../serdes/schema.ts'
import { keyValueStore } from '../../state/store-definitions.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { topic } from '../../topology/topic.ts'

test('an entry that no changelog takes is named with its store', async () => {
  const notes = topic('notes', { key: t.string, value: t.string })
  const streams = new StreamsBuilder('hoarder')
  streams
    .stream(notes)
    .groupByKey()
    .aggregate(keyValueStore('everything', { key: t.string, value: t.string }), {
      initial: '',
      add: (all, note) => all + note,
    })
  const driver = await TopologyTestDriver.open(streams.build())
  const input = driver.input(notes)
  const note = { key: 'k', value: 'x'.repeat(900_000) }
  await input.pipe(note, note, note, note)
  await expect(input.pipe(note)).rejects.toMatchObject({
    code: 'state_too_large',
    message: expect.stringMatching(/^task 0_\d holds 45\d{5} bytes under one key of store everything, /),
  })
  await driver.close()
})
