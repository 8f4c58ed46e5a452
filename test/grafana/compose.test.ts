// docker-compose.yml without an engine: names, ports and variables are held against each other and against what the program reads.
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { parseCommandLine } from '../../cli/option-parser.ts'
import { optionNames, options, variableOf } from '../../cli/options.ts'
import { ports } from '../services/native-services.ts'
import { read } from './expressions.ts'

interface ComposeService {
  readonly image?: string
  readonly build?: string
  readonly hostname?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly ports: readonly string[]
  readonly volumes?: readonly string[]
  readonly command?: readonly string[]
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
  readonly healthcheck?: { readonly test: readonly string[] }
  readonly read_only?: boolean
}

const { services, volumes }: { services: Record<string, ComposeService>; volumes: Record<string, null> } = parse(
  read('docker-compose.yml'),
)
const dockerfile = read('Dockerfile')
const application = services.millrace
const environment = application?.environment ?? {}

test('has the application and everything it stands on', () => {
  expect(Object.keys(services)).toEqual([
    ...['millrace', 'kafka', 'schema-registry', 'redis', 'postgres', 'prometheus', 'grafana'],
  ])
})

describe.each(Object.entries(services))('%s', (_, service) => {
  test('is seen on this machine only', () => {
    expect(service.ports.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([])
  })

  test('says whether it is well, and waits for others that do', () => {
    expect(service.healthcheck !== undefined || dockerfile.includes('\nHEALTHCHECK ')).toBe(true)
    for (const [name, { condition }] of Object.entries(service.depends_on ?? {})) {
      expect(services[name]?.healthcheck).toBeDefined()
      expect(condition).toBe('service_healthy')
    }
  })

  test('keeps its data in a volume that exists', () => {
    const named = (service.volumes ?? []).map((volume) => volume.split(':')[0] ?? '')
    expect(named.filter((name) => !name.startsWith('./') && !(name in volumes))).toEqual([])
  })

  test('names its image by a version', () => {
    expect(service.build ?? service.image).toMatch(/^(\.|[\w./-]+:v?\d[\w.-]*)$/)
  })
})

test('no port is given twice', () => {
  const outside = Object.values(services).flatMap(({ ports }) => ports.map((port) => port.split(':')[1]))
  expect(new Set(outside).size).toBe(outside.length)
})

test('services that this machine starts without Docker have the same ports', () => {
  const { kafka, registry, redis, postgres, prometheus, application } = ports
  const outside = (name: string) => Number(services[name]?.ports[0]?.split(':')[1])
  const names = ['kafka', 'schema-registry', 'redis', 'postgres', 'prometheus', 'millrace']
  expect([kafka, registry, redis, postgres, prometheus, application]).toEqual(names.map(outside))
})

describe('the application', () => {
  test('is given variables that it reads', () => {
    const others = optionNames.flatMap((name) => {
      const option = options[name]
      return 'alsoEnv' in option ? [option.alsoEnv] : []
    })
    const known = [...optionNames.map(variableOf), ...others]
    const inImage = [...dockerfile.matchAll(/\b(MILLRACE_\w+)=/g)].map(([, name = '']) => name)
    expect([...Object.keys(environment), ...inImage].filter((name) => !known.includes(name))).toEqual([])
  })

  test('runs with the values it is given', () => {
    const { options: values } = parseCommandLine([], environment)
    expect(values).toMatchObject({
      kafka: 'kafka:9092',
      registry: 'http://schema-registry:8080/apis/ccompat/v7',
      redis: 'redis://redis:6379',
      host: application?.hostname,
      allowRemote: true,
      port: 3110,
      dataDir: '/data',
    })
    expect(values.postgres).toContain('@postgres:5432/millrace')
  })

  test('waits for every service that its addresses name', () => {
    const addresses = Object.values(environment).join(' ')
    const named = Object.keys(services).filter((name) => new RegExp(`(@|//|^| )${name}:\\d`).test(addresses))
    expect(Object.keys(application?.depends_on ?? {}).sort()).toEqual(named.sort())
  })

  test('writes nowhere but to its volume, and is not root', () => {
    expect(application?.read_only).toBe(true)
    expect(application?.volumes).toEqual(['millrace:/data'])
    expect(dockerfile).toContain('\nUSER node\n')
  })
})

test('inside and outside, brokers are advertised where they listen', () => {
  const kafka = services.kafka
  expect(kafka?.environment?.KAFKA_ADVERTISED_LISTENERS).toBe('INSIDE://kafka:9092,OUTSIDE://127.0.0.1:29092')
  expect(kafka?.ports).toEqual(['127.0.0.1:29092:29092'])
})

test('Redis never evicts, and writes what it knows to its disk', () => {
  expect(services.redis?.command?.join(' ')).toContain(
    '--maxmemory-policy noeviction --appendonly yes --appendfsync everysec',
  )
})

test('Prometheus scrapes the application by the name that it answers to', () => {
  const { scrape_configs } = parse(read('grafana/prometheus/prometheus.yml'))
  const [target] = scrape_configs[0].static_configs[0].targets
  expect(target).toBe(`${environment.MILLRACE_HOST}:${environment.MILLRACE_PORT}`)
})

test('the image gets every folder that the program is made of', () => {
  const { include } = JSON.parse(read('tsconfig.build.json'))
  const allowed = read('.dockerignore').split('\n')
  expect(include.filter((name: string) => !allowed.includes(`!${name}`))).toEqual([])
})
