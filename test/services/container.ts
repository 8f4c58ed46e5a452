// Starts a container where there is an engine for it. Looking for one costs nothing where there is none: the library is loaded only after that.
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export interface ContainerService {
  readonly host: string
  readonly port: number
  stop(): Promise<void>
}

/** Undefined when nothing hints at an engine. @throws when there is one that does not start the container. */
export async function startContainer(
  image: string,
  options: { readonly port: number; readonly environment?: Record<string, string>; readonly readyPath?: string },
): Promise<ContainerService | undefined> {
  if (!mayHaveEngine()) return undefined
  const { GenericContainer, Wait, getContainerRuntimeClient } = await import('testcontainers')
  try {
    await getContainerRuntimeClient()
  } catch {
    return undefined
  }
  const { port, environment = {}, readyPath } = options
  const started = await new GenericContainer(image)
    .withExposedPorts(port)
    .withEnvironment(environment)
    .withWaitStrategy(readyPath === undefined ? Wait.forListeningPorts() : Wait.forHttp(readyPath, port))
    .start()
  return {
    host: started.getHost(),
    port: started.getMappedPort(port),
    stop: async () => {
      await started.stop()
    },
  }
}

function mayHaveEngine(): boolean {
  const { DOCKER_HOST, TESTCONTAINERS_HOST_OVERRIDE, XDG_RUNTIME_DIR } = process.env
  if (DOCKER_HOST !== undefined || TESTCONTAINERS_HOST_OVERRIDE !== undefined) return true
  if (existsSync('/var/run/docker.sock')) return true
  return XDG_RUNTIME_DIR !== undefined && existsSync(join(XDG_RUNTIME_DIR, 'docker.sock'))
}
