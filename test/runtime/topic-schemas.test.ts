// What an application does about schemas before it does anything else.
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { Application } from '../../runtime/application.ts'
import { avroSchemaText } from '../../serdes/avro-schema.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { t } from '../../serdes/schema.ts'
import { MemorySink } from '../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { orderTopology } from '../simulation/orders.ts'

let cluster: EmbeddedCluster
beforeEach(async () => {
  cluster = await openEmbeddedCluster({ clock: new ManualClock(1), random: seededRandom(1) })
})
afterEach(() => cluster.close())

test('those that cannot read what their subjects hold are all named, and nothing is created or written', async () => {
  const registry = await openEmbeddedRegistry()
  const other = avroSchemaText(t.record('Order', { shop: t.int }))
  await registry.register('orders-value', other)
  await registry.register('priced-value', other)
  const options = { topology: orderTopology(), cluster, registry, sink: new MemorySink(), backend: new MemoryBackend() }

  const refused = await Application.start(options).catch((error: unknown) => Object(error))
  expect(refused).toMatchObject({ code: 'schema_incompatible' })
  const lines = String(refused.message).split('\n')
  expect(lines).toEqual([
    expect.stringMatching(/^orders-value: .*Order\.shop.*Make new fields optional/),
    expect.stringMatching(/^priced-value: .*Make new fields optional/),
  ])
  expect(await cluster.admin.listTopics()).toEqual([])
})
