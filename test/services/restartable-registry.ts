// A schema registry of this machine that a test starts, stops and starts again at the same address; its database outlives it, and so do its ids.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { confluentRegistry } from '../../serdes/registry/confluent.ts'
import { freePort, type NativeProcess } from './native-process.ts'
import { registryPath, registryPrograms, startRegistry } from './native-registry.ts'
import { useService } from './use-service.ts'

export class RestartableRegistry {
  readonly url: string
  private readonly directory: string
  private readonly port: number
  private running: NativeProcess | undefined

  private constructor(directory: string, port: number) {
    this.directory = directory
    this.port = port
    this.url = `http://127.0.0.1:${port}${registryPath}`
  }

  /** Not started yet. @throws when its programs cannot be had */
  static async prepare(): Promise<RestartableRegistry> {
    await registryPrograms()
    return new RestartableRegistry(await mkdtemp(join(tmpdir(), 'millrace-test-registry-')), await freePort())
  }

  async start(): Promise<void> {
    const { port, directory } = this
    this.running = await startRegistry({ port, directory, database: join(directory, 'schemas') })
  }

  async stop(): Promise<void> {
    await this.running?.stop()
    this.running = undefined
  }

  async remove(): Promise<void> {
    await this.stop()
    await rm(this.directory, { recursive: true, force: true })
  }

  async subjects(): Promise<readonly string[]> {
    const subjects: unknown = await (await fetch(`${this.url}/subjects`)).json()
    return Array.isArray(subjects) ? subjects.map(String).sort() : []
  }

  /** Of the last version. */
  async idOf(subject: string): Promise<number> {
    const { id } = Object(await (await fetch(`${this.url}/subjects/${subject}/versions/latest`)).json())
    return id
  }

  register(subject: string, schema: string): Promise<number> {
    return confluentRegistry({ url: this.url }).register(subject, schema)
  }
}

/** Stopped until a test starts it. */
export function useRestartableRegistry(): () => RestartableRegistry {
  const service = useService('schema registry', async () => {
    const registry = await RestartableRegistry.prepare()
    return { registry, stop: () => registry.remove() }
  })
  return () => service().registry
}
