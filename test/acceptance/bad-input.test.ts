// Bad input, row by row of the table in the design: it crashes nothing, is never dropped in silence, and blocks no healthy record.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ByteWriter } from '../../core/byte-writer.ts'
import { Retriable } from '../../core/errors.ts'
import { type ConfluentSerde, confluentSerde } from '../../serdes/confluent-serde.ts'
import { type EmbeddedRegistry, openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import { openRowReader } from '../../sinks/postgres/row-reader.ts'
import { TopologyTestDriver } from '../../testing.ts'
import { usePostgres } from '../services/postgres.ts'
import { newDatabase } from '../support/database.ts'
import { useProgram } from '../support/program.ts'
import { deadLettersIn, type RawRecord, writeRaw } from '../support/raw-records.ts'
import {
  badReadings,
  hourly,
  passedOn,
  Reading,
  type ReadingsOptions,
  readings,
  readingsTopology,
  rows,
} from '../support/readings.ts'
import { summaryIn } from '../support/run-summary.ts'

const now = Date.UTC(2026, 0, 1)
const key = Buffer.from('sensor')
const headers = [
  { name: 'trace', value: Buffer.from([0, 255, 10]) },
  { name: 'm', value: Buffer.from('theirs') },
]

describe('a record that cannot be processed', () => {
  let registry: EmbeddedRegistry
  let serde: ConfluentSerde<Reading>
  let driver: TopologyTestDriver
  let topologyHash = ''
  let outage = 0

  const open = async (options: ReadingsOptions = {}) => {
    registry = await openEmbeddedRegistry()
    outage = 0
    serde = await confluentSerde({ schema: Reading, subject: 'readings-value', registry })
    const failing = {
      register: (subject: string, schema: string) => registry.register(subject, schema),
      schemaById: async (id: number) => {
        if (outage-- > 0) throw new Retriable('registry_down', 'the registry does not answer')
        return registry.schemaById(id)
      },
    }
    const topology = readingsTopology(options)
    topologyHash = topology.hash
    driver = await TopologyTestDriver.open(topology, { startAt: now, registry: failing })
  }
  beforeEach(() => open())
  afterEach(() => driver.close())

  const reading = (fields: Partial<Reading> = {}) =>
    new Reading({ at: now - 60_000, value: 1, total: 1, note: '', tags: {}, ...fields })
  const encoded = (fields: Partial<Reading> = {}) => {
    const to = new ByteWriter()
    serde.write(reading(fields), to)
    return to.copy()
  }
  /** The bad record between two healthy ones; then what became of them. */
  const among = async (bad: RawRecord) => {
    const healthy = (note: string) => ({ key, value: encoded({ note }) })
    const to = { topic: readings.name, partition: 0, timestamp: now }
    await writeRaw(driver.cluster, to, [healthy('before'), bad, healthy('after')])
    await settled()
    const letters = await deadLettersIn(driver.cluster, badReadings.name)
    const passed = await driver.output(passedOn).read()
    return { letters, notes: passed.map(({ value }) => value?.note), passed }
  }
  /** Lets pauses between attempts pass. */
  const settled = async () => {
    let isDone = false
    const settling = driver.settle()
    const done = () => {
      isDone = true
    }
    settling.then(done, done)
    while (!isDone) {
      await new Promise((resolve) => setImmediate(resolve))
      driver.clock.advance(10)
    }
    await settling
    while (driver.snapshot().awaitedSchemas.length > 0) await driver.advance(1_000)
  }
  const expectLetter = async (bad: RawRecord, reason: string) => {
    const { letters, notes } = await among(bad)
    expect(letters).toMatchObject([{ ...bad, reason, topic: readings.name, partition: 0, offset: 1, attempt: 1 }])
    expect(letters[0]?.headers).toEqual(bad.headers ?? [])
    expect(letters[0]?.topologyHash).toBe(topologyHash)
    expect(notes).toEqual(['before', 'after'])
    return letters[0]
  }
  const withId = (id: number, body: Buffer) => {
    const frame = Buffer.alloc(5)
    frame.writeInt32BE(id, 1)
    return Buffer.concat([frame, body])
  }

  test.each<[string, (value: Buffer) => Buffer]>([
    ['an empty value', () => Buffer.alloc(0)],
    ['a wrong magic byte', (value) => Buffer.concat([Buffer.from([1]), value.subarray(1)])],
    ['half a frame', (value) => value.subarray(0, 4)],
    ['a frame without a body', (value) => value.subarray(0, 5)],
    ['a cut body', (value) => value.subarray(0, -1)],
    ['bytes behind the body', (value) => Buffer.concat([value, Buffer.from([0])])],
    [
      'a length that claims more than there is',
      (value) => Buffer.concat([value.subarray(0, 5 + 6 + 8 + 1), Buffer.from('fffffffff70f', 'hex')]),
    ],
    [
      'text that is not UTF-8',
      (value) => Buffer.from(value.toString('latin1').replace('note', 'n\xfft\xfe'), 'latin1'),
    ],
    [
      'text with half a surrogate pair',
      (value) => Buffer.from(value.toString('latin1').replace('note', 'n\xed\xa0\x80'), 'latin1'),
    ],
  ])('%s is a dead letter with its bytes', async (_, spoil) => {
    await expectLetter({ key, value: spoil(encoded({ note: 'note' })), headers }, 'decode')
  })

  test('a schema id that the registry does not know is a dead letter that names the id', async () => {
    const letter = await expectLetter({ key, value: withId(999, Buffer.from([2])), headers }, 'schema_unknown')
    expect(letter?.schemaId).toBe(999)
  })

  test('while the registry does not answer, the record waits and nothing is lost', async () => {
    const text = JSON.stringify({ type: 'record', name: 'Reading', fields: [...newerFields] })
    const id = await registry.register('elsewhere', text)
    outage = 4
    const body = Buffer.concat([encoded({ note: 'waited' }).subarray(5), Buffer.from([6])])
    const { letters, notes } = await among({ key, value: withId(id, body) })
    expect(letters).toEqual([])
    expect(notes).toEqual(['before', 'waited', 'after'])
    expect(outage).toBeLessThan(0)
  })

  test('a writer schema that lacks a field we need is incompatible, under its id', async () => {
    const text = JSON.stringify({ type: 'record', name: 'Reading', fields: [{ name: 'value', type: 'string' }] })
    const id = await registry.register('elsewhere', text)
    const letter = await expectLetter({ key, value: withId(id, Buffer.from([2, 65])) }, 'schema_incompatible')
    expect(letter?.schemaId).toBe(id)
  })

  test('a null key is a dead letter of the keyed step; steps that need none go on', async () => {
    const { letters } = await among({ key: undefined, value: encoded({ note: 'nobody' }), headers })
    expect(new Set(letters.map(({ reason }) => reason))).toEqual(new Set(['null_key']))
    for (const letter of letters) expect(letter).toMatchObject({ key: undefined, offset: 1, headers })
  })

  test('a null value in a stream is skipped and counted', async () => {
    const { letters, notes } = await among({ key, value: undefined, headers })
    expect(letters).toEqual([])
    expect(notes).toEqual(['before', 'after'])
    expect(outcomesOf(driver)).toMatchObject({ tombstone: 1 })
  })

  test.each([
    ['far in the future', now + 365 * 86_400_000],
    ['eleven minutes ahead', now + 11 * 60_000],
    ['at the epoch', 0],
    ['before the epoch', -1],
  ])('an event time %s is a dead letter and moves no clock', async (_, at) => {
    await expectLetter({ key, value: encoded({ at }), headers }, 'invalid_timestamp')
    const counts = (await driver.output(hourly).read()).map(({ value }) => value?.value)
    expect(counts.at(-1)).toBe(2)
    expect(outcomesOf(driver).late).toBeUndefined()
  })

  test('a long beyond 2^53 is never rounded: it is a dead letter', async () => {
    const body = encoded({ total: 1 }).subarray(5)
    const timeBytes = 6
    // 2^53 + 1 as a zigzag varint.
    const huge = Buffer.from('82808080808080' + '20', 'hex')
    const spoilt = Buffer.concat([body.subarray(0, timeBytes + 8), huge, body.subarray(timeBytes + 9)])
    await expectLetter({ key, value: withId(serde.schemaId, spoilt), headers }, 'decode')
    const { passed } = await among({ key, value: encoded({ total: Number.MAX_SAFE_INTEGER }) })
    expect(passed[1]?.value?.total).toBe(Number.MAX_SAFE_INTEGER)
  })

  test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
    '%s passes the topics as it is, and stops in front of Postgres',
    async (value) => {
      const { letters, passed } = await among({ key, value: encoded({ value }) })
      expect(letters).toEqual([])
      expect(passed[1]?.value?.value).toBe(value)
      expect(driver.rows(rows)).toMatchObject([{ sensor: 'sensor', note: 'after' }])
    },
  )

  test('emoji, right-to-left text, control characters and __proto__ pass as they are', async () => {
    const tags = Object.assign(Object.create(null), { __proto__2: 'x', constructor: 'y' })
    Object.defineProperty(tags, '__proto__', { value: 'own', enumerable: true, writable: true, configurable: true })
    const note = 'Ü 🌉👩‍👩‍👧 שלום \u202e\t\r\n\\n "quoted" \u0001'
    const sensor = '__proto__'
    const { letters, passed } = await among({ key: Buffer.from(sensor), value: encoded({ note, tags }) })
    expect(letters).toEqual([])
    expect(passed[1]).toMatchObject({ key: sensor, value: { note } })
    expect(Object.entries(passed[1]?.value?.tags ?? {}).sort()).toEqual(Object.entries(tags).sort())
    expect(driver.rows(rows).find((row) => row.sensor === sensor)).toMatchObject({ note })
    const windows = await driver.output(hourly).read()
    expect(windows.find(({ key: window }) => window.key === sensor)?.value?.value).toBe(1)
  })

  test('a header that only looks like ours is the record’s own', async () => {
    for (const value of [Buffer.alloc(0), Buffer.from([0]), Buffer.from([1, 0, 0, 0, 9])]) {
      const { letters, notes } = await among({
        key,
        value: encoded({ note: 'theirs' }),
        headers: [{ name: 'm', value }],
      })
      expect(letters).toEqual([])
      expect(notes).toEqual(['before', 'theirs', 'after'])
    }
  })

  describe('because of the application', () => {
    const touchy = ({ note }: Reading) => {
      if (note === 'bang') throw new Error('no such note')
      return note === 'grow' ? 'x'.repeat(1_100_000) : note
    }
    const reopen = async (onError: NonNullable<ReadingsOptions['onError']>) => {
      await driver.close()
      await open({ annotate: touchy, onError })
    }

    test('its output over the limit is a dead letter with size and hash', async () => {
      await reopen('fail')
      const bad = { key, value: encoded({ note: 'grow' }), headers }
      const letter = await expectLetter(bad, 'too_large')
      expect(letter?.message).toMatch(/1100\d\d\d bytes .*[0-9a-f]{16}/)
    })

    test('its function throws: the worker stops', async () => {
      await reopen('fail')
      await expect(among({ key, value: encoded({ note: 'bang' }) })).rejects.toThrow(/no such note.*readings-0 @ 1/)
    })

    test('its function throws: the record is skipped and counted', async () => {
      await reopen('skip')
      const { letters, notes } = await among({ key, value: encoded({ note: 'bang' }) })
      expect(letters).toEqual([])
      expect(notes).toEqual(['before', 'after'])
      expect(outcomesOf(driver)).toMatchObject({ skipped: 1 })
    })

    test('its function throws: the record is a dead letter', async () => {
      await reopen('dead letter')
      const letter = await expectLetter({ key, value: encoded({ note: 'bang' }), headers }, 'user_function')
      expect(letter?.message).toContain('no such note')
    })
  })

  test('more than half of a thousand halts the task; half does not', async () => {
    const to = { topic: readings.name, partition: 0, timestamp: now }
    const bad = { key, value: Buffer.alloc(0) }
    const good = { key, value: encoded() }
    const mixed = (count: number) => Array.from({ length: 1000 }, (_, i) => (i < count ? bad : good))
    await writeRaw(driver.cluster, to, mixed(500))
    await driver.settle()
    await writeRaw(driver.cluster, to, mixed(501))
    await expect(driver.settle()).rejects.toThrow(/501 of the last 1000 records are bad \(decode: the value is empty/)
  })
})

describe('the program', { timeout: 240_000 }, () => {
  const program = useProgram()
  const postgres = usePostgres()
  const opened = { requested_datetime: '2023-02-09T08:35:00.000' }

  const run = async (lines: readonly string[], options: readonly string[] = []) => {
    const directory = program.newDirectory()
    const input = join(program.newDirectory(), 'rows.ndjson')
    writeFileSync(input, lines.join('\n'))
    const url = await newDatabase(postgres().url)
    const end = await program.start(
      '--data-dir',
      directory,
      '--input',
      input,
      '--postgres',
      url,
      '--until-done',
      '--json',
      ...options,
    ).ended
    return { ...end, url }
  }

  test('ends with exit code 4, its counts and the first reasons when most of its input is bad', async () => {
    const lines = Array.from({ length: 6000 }, (_, i) =>
      JSON.stringify({ service_request_id: i % 3 === 0 ? `${i}` : 'x', ...opened }),
    )
    const { code, stdout, stderr } = await run(lines)
    expect(code, stderr).toBe(4)
    expect(stderr).toMatch(/\d+ of the last \d+ records are bad \(bad_id: 'x' is not a number/)
    const summary = summaryIn(stdout)
    expect(summary).toMatchObject({ ending: 'failed' })
    expect(summary.invalidByReason.bad_id).toBeGreaterThan(500)
    expect((await run(lines, ['--bad-limit', '1000'])).code).toBe(0)
  })

  test('keeps every text as it is down to the row, and a case whose place is none without a place', async () => {
    const texts = [
      '🌉👩‍👩‍👧',
      'שלום \u202eעולם',
      'tab\there',
      'line\nand\rline',
      'back\\slash \\n \\N',
      `'"; DROP TABLE cases`,
      '\u0001\u001f',
      'é e\u0301',
      '{"a":1}',
    ]
    const places = [
      ['NaN', '-122.4'],
      ['Infinity', '-122.4'],
      ['37.7', '-Infinity'],
      ['91', '-122.4'],
      ['0', '0'],
      ['37.7', '181'],
      ['', 'x'],
    ]
    const lines = [
      ...texts.map((text, i) =>
        JSON.stringify({
          service_request_id: `${i}`,
          status_notes: text,
          address: text,
          [`__proto__${text}`]: text,
          ...opened,
        }),
      ),
      ...places.map(([lat, long], i) => JSON.stringify({ service_request_id: `${100 + i}`, lat, long, ...opened })),
      `{"service_request_id":"200","__proto__":{"polluted":"🌉"},"constructor":"c",${JSON.stringify(opened).slice(1)}`,
      JSON.stringify({ service_request_id: '300', status_notes: 'nul\u0000', ...opened }),
      `{"service_request_id":"301","status_notes":"half \\ud83d pair","requested_datetime":"${opened.requested_datetime}"}`,
      JSON.stringify({ service_request_id: '302', requested_datetime: '2020-02-30T00:00:00.000' }),
      JSON.stringify({ service_request_id: '303', requested_datetime: '2099-01-01T00:00:00.000' }),
      JSON.stringify({ service_request_id: '304', requested_datetime: '1969-01-01T00:00:00.000' }),
      JSON.stringify({ service_request_id: '1', ...opened, status_notes: 'another content of the same version' }),
    ]
    const { code, stdout, stderr, url } = await run(lines)
    expect(code, stderr).toBe(0)
    expect(summaryIn(stdout)).toMatchObject({
      invalidByReason: { bad_text: 2, impossible_date: 2, invalid_timestamp: 1 },
      conflict: 1,
      cases: texts.length + places.length + 1,
    })
    const reader = openRowReader(url)
    const found = await reader.rows(
      'SELECT service_request_id AS id, status_notes, address, latitude, longitude, has_valid_location, extra FROM sf311.cases',
    )
    await reader.close()
    const byId = new Map(found.map((row) => [String(row.id), row]))
    for (const [i, text] of texts.entries()) {
      const notes = i === 1 ? 'another content of the same version' : text
      expect(byId.get(`${i}`)?.status_notes).toBe(notes)
      if (i === 1) continue
      expect(byId.get(`${i}`)?.address).toBe(text)
      expect(Object.values(byId.get(`${i}`)?.extra ?? {})).toEqual([text])
    }
    for (const i of places.keys())
      expect(byId.get(`${100 + i}`)).toMatchObject({ latitude: null, longitude: null, has_valid_location: false })
    expect(Object.entries(byId.get('200')?.extra ?? {})).toContainEqual(['constructor', 'c'])
  })
})

/** The schema of readings with one more field behind. */
const newerFields = [
  { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  { name: 'value', type: 'double' },
  { name: 'total', type: 'long' },
  { name: 'note', type: 'string' },
  { name: 'tags', type: { type: 'map', values: 'string' } },
  { name: 'more', type: 'int' },
]

function outcomesOf(driver: TopologyTestDriver): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { outcomes } of driver.snapshot().nodes)
    for (const [outcome, count] of Object.entries(outcomes)) sums[outcome] = (sums[outcome] ?? 0) + count
  return sums
}
