// The program and a registry behind TLS that wants to know who asks: the usual variables are enough, and what is missing is said.
import { writeFileSync } from 'node:fs'
import { type IncomingMessage, request, type ServerResponse } from 'node:http'
import { createServer } from 'node:https'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { useOwnCertificate } from '../services/own-certificate.ts'
import { usePostgres } from '../services/postgres.ts'
import { useSchemaRegistry } from '../services/schema-registry.ts'
import { newDatabase } from '../support/database.ts'
import { type End, useProgram } from '../support/program.ts'

const user = 'millrace:s3cret:with-colon'
const row = { service_request_id: '1', requested_datetime: '2023-02-09T08:35:00.000', status_description: 'Open' }

describe('a registry behind TLS and a password', { timeout: 120_000 }, () => {
  const environment: Record<string, string> = {}
  const program = useProgram(environment)
  const registry = useSchemaRegistry()
  const postgres = usePostgres()
  const certificate = useOwnCertificate()
  let authority = ''
  beforeEach(async () => {
    authority = join(program.newDirectory(), 'authority.pem')
    writeFileSync(authority, certificate().cert)
    for (const name of Object.keys(environment)) delete environment[name]
    environment.SCHEMA_REGISTRY_URL = await secured(registry().url)
  })

  async function run(): Promise<End> {
    const input = join(program.newDirectory(), 'one.ndjson')
    writeFileSync(input, `${JSON.stringify(row)}\n`)
    const database = await newDatabase(postgres().url)
    const places = ['--data-dir', program.newDirectory(), '--postgres', database]
    return program.start(...places, '--input', input, '--until-done', '--json').ended
  }

  test('is used with the usual variables', async () => {
    environment.NODE_EXTRA_CA_CERTS = authority
    environment.SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO = user
    const { code, stdout, stderr } = await run()
    expect(code, stderr).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ read: 1 })
  })

  test('says which variable is wrong when it does not know us', async () => {
    environment.NODE_EXTRA_CA_CERTS = authority
    environment.SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO = 'millrace:guess'
    const { code, stderr } = await run()
    expect(code).toBe(1)
    expect(stderr).toMatch(/is refused \(401\): check the user and password \(SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO/)
    expect(stderr).not.toContain('guess')
  })

  test('is not trusted, nor waited for, without its authority', async () => {
    const { code, stderr } = await run()
    expect(code).toBe(1)
    expect(stderr).toMatch(/its certificate is not trusted .* NODE_EXTRA_CA_CERTS/)
  })

  /** For one test: hands on to the registry what comes with the right password. */
  async function secured(url: string): Promise<string> {
    const server = createServer(certificate(), (asked, answer) => handOn(asked, answer, new URL(url)))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => {
      server.closeAllConnections()
      server.close()
    })
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : address
    return `https://127.0.0.1:${port}${new URL(url).pathname}`
  }
})

function handOn(asked: IncomingMessage, answer: ServerResponse, to: URL): void {
  const { method, url, headers } = asked
  if (headers.authorization !== `Basic ${Buffer.from(user).toString('base64')}`) {
    answer.writeHead(401).end('{"error_code":40101,"message":"Unauthorized"}')
    return
  }
  const { host, ...rest } = headers
  const options = { host: to.hostname, port: to.port, method, path: url, headers: { ...rest, host: to.host } }
  const onward = request(options, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers)
    got.pipe(answer)
  })
  onward.on('error', () => answer.destroy())
  asked.pipe(onward)
}
