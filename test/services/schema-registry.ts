// A schema registry with Confluent's interface for the tests of one file: the one at SCHEMA_REGISTRY_URL, else a container, else Apicurio through Maven and Java.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startContainer } from './container.ts'
import { freePort } from './native-process.ts'
import { registryPath, registryVersion, startRegistry } from './native-registry.ts'
import { type Service, useService } from './use-service.ts'

export interface RegistryService extends Service {
  /** Where Confluent's paths begin. */
  readonly url: string
}

/** @throws when there is none to be had. */
export async function startSchemaRegistry(): Promise<RegistryService> {
  const url = process.env.SCHEMA_REGISTRY_URL
  if (url !== undefined) return { url, stop: () => Promise.resolve() }
  const image = `quay.io/apicurio/apicurio-registry-mem:${registryVersion}`
  const container = await startContainer(image, { port: 8080, readyPath: `${registryPath}/subjects` })
  if (container === undefined) return startNative()
  return { url: `http://${container.host}:${container.port}${registryPath}`, stop: () => container.stop() }
}

export const useSchemaRegistry = (): (() => RegistryService) => useService('schema registry', startSchemaRegistry)

/** Keeps everything in memory: its life is one test file. */
async function startNative(): Promise<RegistryService> {
  const directory = await mkdtemp(join(tmpdir(), 'millrace-test-registry-'))
  const remove = () => rm(directory, { recursive: true, force: true })
  try {
    const { url, stop } = await startRegistry({ port: await freePort(), directory })
    return { url, stop: () => stop().then(remove) }
  } catch (error) {
    await remove()
    throw error
  }
}
