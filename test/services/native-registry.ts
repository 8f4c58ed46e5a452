// Apicurio's registry, fetched through Maven once, run by Java as a child of ours. Its paths for Confluent's clients are what we use.
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type NativeProcess, startProcess } from './native-process.ts'

export const registryVersion = '2.6.13.Final'
/** Where Confluent's paths begin. */
export const registryPath = '/apis/ccompat/v7'

const DOWNLOAD_MS_MAX = 110_000
const run = promisify(execFile)

export interface NativeRegistry extends NativeProcess {
  readonly url: string
}

/** Forgets everything when it ends, unless `database` names a file. @throws when there is no Java, or no way to get the programs. */
export async function startRegistry(options: {
  readonly port: number
  readonly directory: string
  readonly database?: string
}): Promise<NativeRegistry> {
  const { port, directory, database } = options
  const programs = await registryPrograms()
  const url = `http://127.0.0.1:${port}${registryPath}`
  const server = await startProcess(
    'java',
    [
      ...['-Xmx128m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
      ...['-Dquarkus.http.host=127.0.0.1', `-Dquarkus.http.port=${port}`, '-Dquarkus.log.level=WARN'],
      ...(database === undefined ? [] : [`-Dquarkus.datasource.jdbc.url=jdbc:h2:file:${database}`]),
      ...['-jar', join(programs, `apicurio-registry-app-${registryVersion}-runner.jar`)],
    ],
    { cwd: directory, isReady: async () => (await fetch(`${url}/subjects`)).ok },
  )
  return { ...server, url }
}

/** Where they are unpacked, beside other downloads of the machine, once. */
export async function registryPrograms(): Promise<string> {
  const folder = join(tmpdir(), `millrace-apicurio-${registryVersion}`)
  if (existsSync(folder)) return folder
  const archive = join(repository(), `apicurio-registry-app-${registryVersion}-all.tar.gz`)
  if (!existsSync(archive)) await download()
  const partial = await mkdtemp(`${folder}-`)
  await run('tar', ['xzf', archive, '-C', partial])
  await rename(partial, folder).catch(async (error: unknown) => {
    await rm(partial, { recursive: true, force: true })
    // Another process was faster.
    if (!existsSync(folder)) throw error
  })
  return folder
}

function repository(): string {
  return join(homedir(), '.m2', 'repository', 'io', 'apicurio', 'apicurio-registry-app', registryVersion)
}

async function download(): Promise<void> {
  const artifact = `io.apicurio:apicurio-registry-app:${registryVersion}:tar.gz:all`
  const args = ['-q', 'dependency:get', `-Dartifact=${artifact}`, '-Dtransitive=false']
  await run('mvn', args, { timeout: DOWNLOAD_MS_MAX })
}
