// An application and a real schema registry that comes late, dies and comes back: the start waits for it, known schemas need it no more, unknown ones wait.
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'
import { systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { seededRandom } from '../../core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { Application } from '../../runtime/application.ts'
import { avroSchemaText } from '../../serdes/avro-schema.ts'
import { binarySerde } from '../../serdes/binary-serde.ts'
import { FRAME_BYTES } from '../../serdes/confluent-serde.ts'
import { confluentRegistry } from '../../serdes/registry/confluent.ts'
import { t } from '../../serdes/schema.ts'
import { MemorySink } from '../../sinks/memory-sink.ts'
import { MemoryBackend } from '../../state/memory/memory-backend.ts'
import { useRestartableRegistry } from '../services/restartable-registry.ts'
import { badOrders, Order, orders, orderTable, orderTopology } from '../simulation/orders.ts'
import { deadLettersIn, writeRaw } from '../support/raw-records.ts'

const patienceMs = 60_000
/** What the next release of somebody else's producer writes. */
const NextOrder = t.record('Order', {
  ...{ shop: t.string, version: t.int, amount: t.int, at: t.instant },
  note: t.optional(t.string),
})
const nextSerde = binarySerde(NextOrder)
const orderSerde = binarySerde(Order)
const unknownId = 2_000_000_000

describe('an application and its schema registry', { timeout: 180_000 }, () => {
  const service = useRestartableRegistry()
  let cluster: EmbeddedCluster
  let sink: MemorySink
  let log: string[]
  const stopping: (() => Promise<void>)[] = []
  beforeEach(async () => {
    cluster = await openEmbeddedCluster({ clock: systemClock, random: seededRandom(1) })
    sink = new MemorySink()
    log = []
  })
  afterEach(async () => {
    for (const stop of stopping.splice(0)) await stop()
    await cluster?.close()
    await service().stop()
  })

  const options = (more = {}) => ({
    ...{ topology: orderTopology(), cluster, registry: confluentRegistry({ url: service().url, lagMsMax: 500 }), sink },
    backend: new MemoryBackend(),
    logger: {
      ...silentLogger,
      warn: (message: string, fields = {}) => void log.push(`${message} ${JSON.stringify(fields)}`),
    },
    ...more,
  })

  async function start(more = {}): Promise<Application> {
    const application = await Application.start(options(more))
    const running = application.run()
    stopping.push(async () => {
      application.stop()
      await running
      await application.close()
    })
    return application
  }

  const order = (version: number) => ({ shop: 's1', version, amount: 5, at: Date.now() - 60_000 })
  const write = (id: string, value: Buffer, partition = 0) =>
    writeRaw(cluster, { topic: orders.name, partition, timestamp: Date.now() }, [{ key: Buffer.from(id), value }])
  const written = () => sink.rows(orderTable).map(({ id }) => id)

  test('starts when the registry does, and says meanwhile for whom it waits', async () => {
    const states: (string | undefined)[] = []
    const starting = start({ patience: { waitsFor: (what: string | undefined) => void states.push(what) } })
    await until(() => states.length > 1)
    expect(states[0]).toMatch(/^the schema registry: POST http:.*ECONNREFUSED/)
    expect(log[0]).toContain('the start waits for the schema registry')
    await service().start()
    await starting
    expect(states.at(-1)).toBeUndefined()
  })

  test('gives up when the registry does not come, with its address', async () => {
    const gaveUp = start({ config: { outageMsMax: 50 } })
    await expect(gaveUp).rejects.toMatchObject({
      code: 'start_gave_up',
      message: expect.stringContaining(service().url),
    })
  })

  test('ends its waiting when it shall end', async () => {
    const ending = new AbortController()
    const starting = start({ patience: { signal: ending.signal, waitsFor: () => ending.abort() } })
    await expect(starting).rejects.toMatchObject({ code: 'start_stopped' })
  })

  test('goes on while the registry is away; a schema it has never met waits for it in its partition and becomes no dead letter', async () => {
    await service().start()
    const application = await start()
    const ownId = await service().idOf('orders-value')
    const nextId = await service().register('orders-value', avroSchemaText(NextOrder))
    await write(
      'before',
      framed(ownId, (to) => orderSerde.write(new Order(order(1)), to)),
    )
    await until(() => written().includes('before'))

    await service().stop()
    await write(
      'away',
      framed(ownId, (to) => orderSerde.write(new Order(order(1)), to)),
    )
    await until(() => written().includes('away'))
    await write(
      'next',
      framed(nextId, (to) => nextSerde.write(new NextOrder({ ...order(1), note: 'new' }), to)),
    )
    await until(() => log.filter((line) => line.startsWith('records wait for a schema')).length > 3)
    expect(log.at(-1)).toContain(`/schemas/ids/${nextId} was not answered`)
    await write(
      'beside',
      framed(ownId, (to) => orderSerde.write(new Order(order(1)), to)),
      1,
    )
    await until(() => written().includes('beside'))
    const { awaitedSchemas } = application.snapshot()
    expect(awaitedSchemas).toMatchObject([{ topic: orders.name, partition: 0, schemaId: nextId }])
    expect(written()).not.toContain('next')
    expect(await deadLettersIn(cluster, badOrders.name)).toEqual([])

    await service().start()
    await until(() => written().includes('next'))
    await write(
      'never',
      framed(unknownId, (to) => orderSerde.write(new Order(order(1)), to)),
    )
    await write(
      'after',
      framed(ownId, (to) => orderSerde.write(new Order(order(1)), to)),
    )
    await until(() => written().includes('after'))
    expect([...written()].sort()).toEqual(['after', 'away', 'before', 'beside', 'next'])
    const letters = await deadLettersIn(cluster, badOrders.name)
    expect(letters.map(({ reason, schemaId }) => ({ reason, schemaId }))).toEqual([
      { reason: 'schema_unknown', schemaId: unknownId },
    ])
  })
})

function framed(id: number, write: (to: ByteWriter) => void): Buffer {
  const to = new ByteWriter()
  write(to)
  const frame = Buffer.alloc(FRAME_BYTES)
  frame.writeInt32BE(id, 1)
  return Buffer.concat([frame, to.copy()])
}

async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + patienceMs
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`it did not come to that within ${patienceMs} ms`)
    await systemClock.sleep(25)
  }
}
