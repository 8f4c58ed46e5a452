// A server program as a child of the tests: ready when it answers, gone when they end, however they end.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout } from 'node:timers/promises'

const START_MS_MAX = 60_000
const STOP_MS_MAX = 10_000
const ASK_EVERY_MS = 20

export interface NativeProcess {
  readonly pid: number
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** `isReady` is asked until it says so; what it throws means not yet. @throws with the program's output when it ends or takes too long. */
export async function startProcess(
  command: string,
  args: readonly string[],
  { cwd, isReady }: { readonly cwd: string; readonly isReady: () => Promise<boolean> },
): Promise<NativeProcess> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const output = new Output(child)
  const killWithUs = () => child.kill('SIGKILL')
  process.once('exit', killWithUs)
  const stop = async (signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM') => {
    await end(child, signal)
    process.off('exit', killWithUs)
  }
  const deadline = Date.now() + START_MS_MAX
  while (!(await isReady().catch(() => false))) {
    const problem = output.problem ?? (Date.now() > deadline ? 'it does not answer' : undefined)
    if (problem !== undefined) {
      await stop('SIGKILL')
      throw new Error(`${command} does not start: ${problem} ${output.text.slice(-2_000)}`)
    }
    await setTimeout(ASK_EVERY_MS)
  }
  return { pid: child.pid ?? 0, stop }
}

class Output {
  text = ''
  problem: string | undefined

  constructor(child: ChildProcess) {
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (data) => {
        this.text = (this.text + data).slice(-10_000)
      })
    child.on('error', (error) => {
      this.problem = error.message
    })
    child.on('exit', (code) => {
      this.problem = `it ended with ${code}`
    })
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  child.kill(signal)
  const harder = AbortSignal.timeout(STOP_MS_MAX)
  harder.addEventListener('abort', () => child.kill('SIGKILL'))
  await ended
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
