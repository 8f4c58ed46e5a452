import { execFile } from 'node:child_process'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import { promisify } from 'node:util'
import { SchemaRegistry as KafkajsRegistry } from '@kafkajs/confluent-schema-registry'
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { ByteWriter } from '../../../core/byte-writer.ts'
import { Retriable } from '../../../core/errors.ts'
import { avroSchemaText } from '../../../serdes/avro-schema.ts'
import { confluentSerde } from '../../../serdes/confluent-serde.ts'
import { type ConfluentRegistryOptions, confluentRegistry } from '../../../serdes/registry/confluent.ts'
import { t } from '../../../serdes/schema.ts'
import { schemaRegistryConformance } from '../../conformance/schema-registry.ts'
import { useOwnCertificate } from '../../services/own-certificate.ts'
import { useSchemaRegistry } from '../../services/schema-registry.ts'

const Ward = t.record('Ward', { number: t.int })
const ward = avroSchemaText(Ward)
const namedWard = avroSchemaText(t.record('Ward', { number: t.int, name: t.optional(t.string) }))
const otherWard = avroSchemaText(t.record('Ward', { number: t.string }))

describe('a registry over HTTP', () => {
  const service = useSchemaRegistry()
  const open = (options: Partial<ConfluentRegistryOptions> = {}) =>
    confluentRegistry({ url: service().url, ...options })
  let subjects = 0
  const newSubject = () => `wards/${process.pid} ${Date.now()}-${subjects++}-value`

  schemaRegistryConformance(async () => open())

  it('has a level on each subject we made, whatever the default is', async () => {
    const subject = newSubject()
    await open().register(subject, ward)
    expect(await levelOf(subject)).toBe('BACKWARD')
    const full = newSubject()
    await open({ compatibility: 'FULL_TRANSITIVE' }).register(full, ward)
    expect(await levelOf(full)).toBe('FULL_TRANSITIVE')
  })

  it('keeps a level that somebody set', async () => {
    const subject = newSubject()
    await open({ compatibility: 'FULL' }).register(subject, ward)
    await open().register(subject, namedWard)
    expect(await levelOf(subject)).toBe('FULL')
  })

  it('sets the level where somebody registered without one', async () => {
    const subject = newSubject()
    await fetch(`${service().url}/subjects/${encodeURIComponent(subject)}/versions`, {
      method: 'POST',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ schema: ward }),
    })
    await expect(open().register(subject, otherWard)).rejects.toMatchObject({ code: 'schema_incompatible' })
  })

  it('says why a schema does not fit, and what to do', async () => {
    const subject = newSubject()
    await open().register(subject, ward)
    await expect(open().register(subject, otherWard)).rejects.toThrow(
      /wards.*\/fields\/0\/type|wards.*number.*new topic/s,
    )
    await expect(open().register(subject, otherWard)).rejects.toThrow(/optional/)
  })

  it('says of what is no schema that it is none', async () => {
    await expect(open().register(newSubject(), 'nonsense')).rejects.toMatchObject({ code: 'schema_invalid' })
  })

  it('joins what its own level demands to ours, where a subject has none', async () => {
    const subject = newSubject()
    const before = await levelOf()
    await setLevel('FORWARD_TRANSITIVE')
    try {
      await open().register(subject, ward)
    } finally {
      await setLevel(before)
    }
    expect(await levelOf(subject)).toBe('FULL_TRANSITIVE')
    await expect(open().register(subject, otherWard)).rejects.toMatchObject({ code: 'schema_incompatible' })
  })

  it('is found at whichever of its addresses answers', async () => {
    const subject = newSubject()
    const registry = open({ url: `http://127.0.0.1:1,${service().url}` })
    const id = await registry.register(subject, ward)
    expect(JSON.parse((await registry.schemaById(id)) ?? '')).toEqual(JSON.parse(ward))
  })

  it('only looks up where registering is forbidden', async () => {
    const subject = newSubject()
    const reader = open({ autoRegisterSchemas: false })
    const missing = await reader.register(subject, ward).catch((error: unknown) => error)
    expect(missing).toMatchObject({ code: 'schema_not_registered', message: expect.stringContaining(subject) })
    const [, curl = ''] = /Register it first: (.*)$/.exec(String(missing)) ?? []
    await promisify(execFile)('sh', ['-c', curl])
    const id = await reader.register(subject, ward)
    expect(await open().register(subject, ward)).toBe(id)
    await expect(reader.register(subject, namedWard)).rejects.toMatchObject({ code: 'schema_not_registered' })
  })

  it('shares records with the programs that use another client', async () => {
    const others = new KafkajsRegistry({ host: service().url })
    const subject = newSubject()
    const serde = await confluentSerde({ schema: Ward, subject, registry: open() })
    const writer = new ByteWriter()
    serde.write({ number: 9 }, writer)
    expect(await others.decode(writer.copy())).toMatchObject({ number: 9 })
    const theirs = await others.encode(serde.schemaId, { number: 10 })
    expect(serde.read(theirs, 0, theirs.length)).toEqual({ number: 10 })
  })

  /** Of subjects without one of their own. */
  async function setLevel(compatibility: unknown): Promise<void> {
    const answer = await fetch(`${service().url}/config`, {
      method: 'PUT',
      headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
      body: JSON.stringify({ compatibility }),
    })
    expect(answer.status).toBe(200)
  }

  async function levelOf(subject = ''): Promise<unknown> {
    const answer = await fetch(`${service().url}/config${subject === '' ? '' : `/${encodeURIComponent(subject)}`}`)
    const { compatibilityLevel } = Object(await answer.json())
    return compatibilityLevel
  }
})

describe('a registry in trouble', () => {
  it.each([500, 502, 503, 429])('that answers %i is asked again later', async (status) => {
    const url = await answering((_, response) =>
      response.writeHead(status).end('{"error_code":50001,"message":"down"}'),
    )
    await expect(confluentRegistry({ url }).schemaById(1)).rejects.toThrow(Retriable)
    await expect(confluentRegistry({ url }).register('wards-value', ward)).rejects.toThrow(Retriable)
  })

  it('that does not answer in time, or not at all, is asked again later', async () => {
    const url = await answering(() => {})
    const start = performance.now()
    await expect(confluentRegistry({ url, timeoutMs: 100 }).schemaById(1)).rejects.toThrow(Retriable)
    expect(performance.now() - start).toBeLessThan(2_000)
    await expect(confluentRegistry({ url: 'http://127.0.0.1:1' }).schemaById(1)).rejects.toMatchObject({
      code: 'registry_unavailable',
      message: expect.stringContaining('GET http://127.0.0.1:1/schemas/ids/1'),
    })
  })

  it('that stops in the middle of its answer is asked again later', async () => {
    const url = await answering((_, response) => {
      response.writeHead(200, { 'content-length': '1000' }).write('{"schema":')
      response.destroy()
    })
    await expect(confluentRegistry({ url }).schemaById(1)).rejects.toThrow(Retriable)
  })

  it('is not taken for one that does not know the schema when a proxy answers', async () => {
    const url = await answering((_, response) => response.writeHead(404).end('<html>no such page</html>'))
    await expect(confluentRegistry({ url }).schemaById(1)).rejects.toThrow(Retriable)
    await expect(confluentRegistry({ url }).register('wards-value', ward)).rejects.toMatchObject({
      code: 'registry_unexpected',
      message: expect.stringContaining('is this the address of a schema registry'),
    })
  })

  it.each([401, 403])('that refuses us (%i) stops the start, and says where our name comes from', async (status) => {
    const url = await answering((_, response) => response.writeHead(status).end('{"error_code":40101}'))
    const secret = url.replace('http://', 'http://user:secret@')
    const refused = await failureOf(confluentRegistry({ url: secret }).register('wards-value', ward))
    expect(refused).toMatchObject({ name: 'StreamsError', code: 'registry_refused' })
    expect(refused.message).toContain(`POST ${url}/subjects/wards-value is refused (${status})`)
    expect(refused.message).toContain('SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO')
    expect(refused.message).not.toContain('secret')
  })

  it('that finds the schema incompatible only when it shall register it is believed', async () => {
    const url = await answering((request, response) => {
      const answers: Record<string, [number, object]> = {
        'POST /subjects/wards-value': [404, { error_code: 40403 }],
        'GET /config/wards-value': [200, { compatibilityLevel: 'FULL' }],
        'POST /compatibility/subjects/wards-value/versions/latest?verbose=true': [200, { is_compatible: true }],
        'POST /subjects/wards-value/versions': [409, { error_code: 409, message: 'somebody was faster' }],
      }
      const [status, body] = answers[`${request.method} ${request.url}`] ?? [500, {}]
      response.writeHead(status).end(JSON.stringify(body))
    })
    const refused = await failureOf(confluentRegistry({ url }).register('wards-value', ward))
    expect(refused).toMatchObject({ name: 'StreamsError', code: 'schema_incompatible' })
    expect(refused.message).toMatch(/^wards-value: .*somebody was faster/)
  })

  describe('of trust', () => {
    const certificate = useOwnCertificate()

    it('because nobody vouches for its certificate is not waited for', async () => {
      const answer = JSON.stringify({ schema: ward })
      const server = createSecureServer(certificate(), (_, response) => response.end(answer))
      const url = (await listening(server)).replace('http://', 'https://')
      const refused = await failureOf(confluentRegistry({ url }).schemaById(1))
      expect(refused).toMatchObject({ name: 'StreamsError', code: 'registry_untrusted' })
      expect(refused.message).toMatch(/self-signed certificate.*NODE_EXTRA_CA_CERTS/)
    })
  })

  it.each(['localhost:8081', 'registry', 'http://a:8081,b:8081', 'http://a:8081,', 'ftp://a'])(
    'is not at %s, which is no address',
    (url) => {
      expect(() => confluentRegistry({ url })).toThrow(/is written http:\/\/HOST:PORT/)
    },
  )
})

describe('a registry with several addresses', () => {
  const schema = JSON.stringify({ schema: ward })
  const asked: string[] = []
  beforeEach(() => void asked.splice(0))
  const at = (name: string, answer: (response: ServerResponse) => void) =>
    answering((_, response) => {
      asked.push(name)
      answer(response)
    })
  const answers = (response: ServerResponse) => response.end(schema)
  const isDown = (response: ServerResponse) => response.writeHead(503).end('{}')

  it('is asked at the next one when one fails, and then first where it answered', async () => {
    const urls = [await at('a', isDown), await at('b', (response) => response.destroy()), await at('c', answers)]
    const registry = confluentRegistry({ url: urls.join(',') })
    expect(await registry.schemaById(1)).toBe(ward)
    expect(await registry.schemaById(2)).toBe(ward)
    expect(asked).toEqual(['a', 'b', 'c', 'c'])
  })

  it('is asked once at each of them, within the time each has, before it counts as away', async () => {
    const [a, b] = [await at('a', () => {}), await at('b', isDown)]
    const registry = confluentRegistry({ url: `${a}, ${b}`, timeoutMs: 100 })
    const failure = await failureOf(registry.schemaById(1))
    expect(failure).toBeInstanceOf(Retriable)
    expect(failure.message).toContain(`GET ${a}/schemas/ids/1 was not answered`)
    expect(failure.message).toContain(`GET ${b}/schemas/ids/1 failed with 503`)
    expect(asked).toEqual(['a', 'b'])
  })

  it('is believed when it does not know the schema', async () => {
    const unknown = await at('a', (response) => response.writeHead(404).end('{"error_code":40403}'))
    const registry = confluentRegistry({ url: `${unknown},${await at('b', answers)}` })
    expect(await registry.schemaById(1)).toBeUndefined()
    expect(asked).toEqual(['a'])
  })

  it('knows us at each of them by the name in it', async () => {
    const names: (string | undefined)[] = []
    const url = await answering(({ headers }, response) => {
      names.push(headers.authorization)
      isDown(response)
    })
    const withUser = url.replace('http://', 'http://user:secret@')
    const failure = await failureOf(confluentRegistry({ url: `${withUser},${url}`, basicAuth: 'us:a' }).schemaById(1))
    expect(names).toEqual(['user:secret', 'us:a'].map((name) => `Basic ${Buffer.from(name).toString('base64')}`))
    expect(failure.message).not.toContain('secret')
  })
})

describe('what is asked of a registry', () => {
  it('is asked once, also by those who ask at the same time; what it does not know is asked again', async () => {
    const asked: string[] = []
    const url = await answering((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      if (request.url === '/schemas/ids/1') response.end(JSON.stringify({ schema: ward }))
      else response.writeHead(404).end('{"error_code":40403,"message":"Schema not found"}')
    })
    const registry = confluentRegistry({ url })
    expect(await Promise.all([registry.schemaById(1), registry.schemaById(1)])).toEqual([ward, ward])
    expect(await registry.schemaById(1)).toBe(ward)
    expect(await registry.schemaById(2)).toBeUndefined()
    expect(await registry.schemaById(2)).toBeUndefined()
    expect(asked).toEqual(['GET /schemas/ids/1', 'GET /schemas/ids/2', 'GET /schemas/ids/2'])
  })

  it('registers nothing that the registry calls incompatible, and hands on its reasons', async () => {
    const asked: string[] = []
    const url = await answering((request, response) => {
      asked.push(`${request.method} ${request.url}`)
      const answers: Record<string, [number, object]> = {
        'POST /subjects/wards-value': [404, { error_code: 40403, message: 'Schema not found' }],
        'GET /config/wards-value': [404, { error_code: 40408, message: 'No level of its own' }],
        'GET /config': [200, { compatibilityLevel: 'NONE' }],
        'PUT /config/wards-value': [200, { compatibility: 'BACKWARD_TRANSITIVE' }],
        'POST /compatibility/subjects/wards-value/versions?verbose=true': [
          200,
          { is_compatible: false, messages: ['TYPE_MISMATCH at /fields/0/type', 'second reason'] },
        ],
      }
      const [status, body] = answers[`${request.method} ${request.url}`] ?? [500, {}]
      response.writeHead(status).end(JSON.stringify(body))
    })
    const registry = confluentRegistry({ url, compatibility: 'BACKWARD_TRANSITIVE' })
    await expect(registry.register('wards-value', otherWard)).rejects.toThrow(/TYPE_MISMATCH.*second reason/)
    expect(asked).toHaveLength(5)
  })

  it('goes to the path it was given, as the user it was given', async () => {
    const asked: string[] = []
    const url = await answering((request, response) => {
      asked.push(`${request.url} ${request.headers.authorization}`)
      response.end(JSON.stringify({ schema: ward }))
    })
    const withUser = url.replace('http://', 'http://user:p%40ss@')
    await confluentRegistry({ url: `${withUser}/api/v7/` }).schemaById(1)
    await confluentRegistry({ url, token: 'secret' }).schemaById(1)
    await confluentRegistry({ url, basicAuth: 'us:a:b' }).schemaById(1)
    await confluentRegistry({ url: withUser, basicAuth: 'us:a:b' }).schemaById(1)
    expect(asked).toEqual([
      `/api/v7/schemas/ids/1 Basic ${Buffer.from('user:p@ss').toString('base64')}`,
      '/schemas/ids/1 Bearer secret',
      `/schemas/ids/1 Basic ${Buffer.from('us:a:b').toString('base64')}`,
      `/schemas/ids/1 Basic ${Buffer.from('user:p@ss').toString('base64')}`,
    ])
  })
})

/** A server on this machine for one test. Returns its address. */
async function answering(answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> {
  return listening(createServer(answer))
}

async function listening(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`
}

async function failureOf(answer: Promise<unknown>): Promise<Error> {
  const error = await answer.catch((reason: unknown) => reason)
  if (error instanceof Error) return error
  throw new Error('it did not fail')
}
