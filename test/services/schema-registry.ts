// A schema registry with Confluent's interface for the tests of one file: the one at SCHEMA_REGISTRY_URL, else a container, else Apicurio through Maven and Java.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { startContainer } from './container.ts'
import { freePort, startProcess } from './native-process.ts'
import { type Service, useService } from './use-service.ts'

export interface RegistryService extends Service {
  /** Where Confluent's paths begin. */
  readonly url: string
}

const VERSION = '2.6.13.Final'
const PATH = '/apis/ccompat/v7'
const DOWNLOAD_MS_MAX = 110_000
const run = promisify(execFile)

/** @throws when there is none to be had. */
export async function startSchemaRegistry(): Promise<RegistryService> {
  const url = process.env.SCHEMA_REGISTRY_URL
  if (url !== undefined) return { url, stop: () => Promise.resolve() }
  const image = `quay.io/apicurio/apicurio-registry-mem:${VERSION}`
  const container = await startContainer(image, { port: 8080, readyPath: `${PATH}/subjects` })
  if (container === undefined) return startNative()
  return { url: `http://${container.host}:${container.port}${PATH}`, stop: () => container.stop() }
}

export const useSchemaRegistry = (): (() => RegistryService) => useService('schema registry', startSchemaRegistry)

/** Keeps everything in memory: its life is one test file. */
async function startNative(): Promise<RegistryService> {
  const programs = await unpackedPrograms()
  const directory = await mkdtemp(join(tmpdir(), 'millrace-test-registry-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}${PATH}`
  const server = await startProcess(
    'java',
    [
      ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`, '-Dquarkus.log.level=WARN'],
      ...['-jar', join(programs, `apicurio-registry-app-${VERSION}-runner.jar`)],
    ],
    { cwd: directory, isReady: async () => (await fetch(`${url}/subjects`)).ok },
  )
  return {
    url,
    stop: async () => {
      await server.stop()
      await rm(directory, { recursive: true, force: true })
    },
  }
}

/** Beside other downloads of the machine, once. */
async function unpackedPrograms(): Promise<string> {
  const folder = join(tmpdir(), `millrace-apicurio-${VERSION}`)
  if (existsSync(folder)) return folder
  const archive = join(repository(), `apicurio-registry-app-${VERSION}-all.tar.gz`)
  if (!existsSync(archive)) await download()
  const partial = await mkdtemp(`${folder}-`)
  await mkdir(partial, { recursive: true })
  await run('tar', ['xzf', archive, '-C', partial])
  await rename(partial, folder).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true })
    // Another test file was faster.
    if (!existsSync(folder)) throw error
  })
  return folder
}

function repository(): string {
  return join(homedir(), '.m2', 'repository', 'io', 'apicurio', 'apicurio-registry-app', VERSION)
}

async function download(): Promise<void> {
  const artifact = `io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`
  const args = ['-q', 'dependency:get', `-Dartifact=${artifact}`, '-Dtransitive=false']
  await run('mvn', args, { timeout: DOWNLOAD_MS_MAX })
}
