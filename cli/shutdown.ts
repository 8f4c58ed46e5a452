// Ends the program in order: SIGINT or SIGTERM asks for it, the steps run one after the other, a deadline bounds them, a second signal exits at once.
import type { Clock } from '../core/clock.ts'
import { seconds } from '../core/duration.ts'
import type { Logger } from '../core/logger.ts'

const deadlineMs = seconds(25)
/** A terminal signals the whole process group, and npm passes the same signal on once more: that is one wish, not two. */
const echoMs = 500

export interface Closer {
  readonly name: string
  readonly close: () => Promise<void> | void
}

/** Where signals come from and where the exit goes: the process, or a test. */
export interface ProcessControl {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown
  exit(code: number): void
}

export class Shutdown {
  /** Aborted when the program shall end; everything that waits takes it. */
  readonly signal: AbortSignal
  private readonly requested = new AbortController()
  private readonly closers: Closer[] = []
  private readonly control: ProcessControl
  private readonly clock: Clock
  private readonly logger: Logger
  private requestedAt: number | undefined

  constructor(options: { readonly control: ProcessControl; readonly clock: Clock; readonly logger: Logger }) {
    this.control = options.control
    this.clock = options.clock
    this.logger = options.logger
    this.signal = this.requested.signal
    this.control.on('SIGINT', this.onSignal)
    this.control.on('SIGTERM', this.onSignal)
  }

  /** What was opened last is closed first. */
  add(name: string, close: Closer['close']): void {
    this.closers.push({ name, close })
  }

  /** Runs all closers, each even if one before it failed. False when one failed or the deadline passed. */
  async close(): Promise<boolean> {
    const pending = this.closers.splice(0).reverse()
    const finished = new AbortController()
    const deadline = this.clock.sleep(deadlineMs, finished.signal).then(() => 'late' as const)
    const closed = await Promise.race([this.closeAll(pending), deadline])
    finished.abort()
    if (closed === 'late') this.logger.error(`gave up after ${deadlineMs / 1000} s; abandoned: ${names(pending)}`)
    this.control.off('SIGINT', this.onSignal)
    this.control.off('SIGTERM', this.onSignal)
    return closed === true
  }

  private async closeAll(pending: Closer[]): Promise<boolean> {
    let clean = true
    for (let closer = pending[0]; closer !== undefined; closer = pending[0]) {
      try {
        await closer.close()
      } catch (error) {
        clean = false
        this.logger.error(`could not close ${closer.name}: ${error instanceof Error ? error.message : String(error)}`)
      }
      pending.shift()
    }
    return clean
  }

  private readonly onSignal = () => {
    const now = this.clock.now()
    if (this.requestedAt === undefined) {
      this.requestedAt = now
      this.requested.abort()
    } else if (now - this.requestedAt > echoMs) this.control.exit(130)
  }
}

function names(closers: readonly Closer[]): string {
  return closers.map(({ name }) => name).join(', ')
}
