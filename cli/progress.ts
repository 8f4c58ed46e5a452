// Shows how far a run is: a bar on a terminal, a line every few seconds elsewhere; always on stderr, and never in the way of log lines.
import { MultiBar, Presets, type SingleBar } from 'cli-progress'
import type { Clock } from '../core/clock.ts'
import { seconds } from '../core/duration.ts'

export interface ProgressNow {
  readonly done: number
  /** Undefined when nobody knows: then there is no bar, only lines. */
  readonly total: number | undefined
  /** `18,400/s, lag 0, 12 dead letters` */
  readonly note: string
}

export interface ProgressOptions {
  readonly stream: NodeJS.WriteStream
  readonly clock: Clock
  readonly now: () => ProgressNow
}

const barIntervalMs = 250
const lineIntervalMs = seconds(5)
const idleLineIntervalMs = seconds(60)

export class Progress {
  private readonly stream: NodeJS.WriteStream
  private readonly clock: Clock
  private readonly now: () => ProgressNow
  private readonly stopping = new AbortController()
  private bars: MultiBar | undefined
  private bar: SingleBar | undefined
  private running: Promise<void> = Promise.resolve()

  constructor({ stream, clock, now }: ProgressOptions) {
    this.stream = stream
    this.clock = clock
    this.now = now
  }

  start(): void {
    this.running = this.stream.isTTY ? this.moveBar() : this.writeLines()
  }

  /** Writes a log line above the bar. */
  write(line: string): void {
    if (this.bars === undefined) this.stream.write(line)
    else this.bars.log(line)
  }

  /** Tells the final state once more. */
  async stop(): Promise<void> {
    this.stopping.abort()
    await this.running
    const { done, note } = this.now()
    if (this.bar === undefined) return
    this.bar.update(done, { note })
    this.bars?.stop()
    this.bars = undefined
  }

  /** The bar appears once somebody knows how long it is. */
  private async moveBar(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const { done, total, note } = this.now()
      if (total !== undefined) {
        const bar = this.bar ?? this.startBar(total)
        bar.setTotal(total)
        bar.update(done, { note })
      }
      await this.clock.sleep(barIntervalMs, this.stopping.signal)
    }
  }

  private startBar(total: number): SingleBar {
    const format = ' {bar} {percentage} %  {value} of {total}  {note}'
    const options = {
      stream: this.stream,
      format,
      hideCursor: true,
      barsize: 24,
      gracefulExit: false,
      emptyOnZero: true,
    }
    this.bars = new MultiBar(options, Presets.shades_classic)
    this.bar = this.bars.create(total, 0, { note: '' })
    return this.bar
  }

  /** A state that does not change is told rarely. */
  private async writeLines(): Promise<void> {
    let told = { done: -1, at: Number.NEGATIVE_INFINITY }
    while (!this.stopping.signal.aborted) {
      await this.clock.sleep(lineIntervalMs, this.stopping.signal)
      const { done, total, note } = this.now()
      const at = this.clock.now()
      if (done === told.done && at - told.at < idleLineIntervalMs) continue
      told = { done, at }
      this.stream.write(`  ${countOf(done, total)} records  ${note}\n`)
    }
  }
}

function countOf(done: number, total: number | undefined): string {
  const share = total === undefined || total === 0 ? '' : ` of ${number(total)} (${Math.floor((done / total) * 100)} %)`
  return `${number(done)}${share}`
}

function number(value: number): string {
  return value.toLocaleString('en-US')
}
