// Which input San Francisco 311 reads: files, DataSF, or the simulator; and why.
import { existsSync } from 'node:fs'
import { usageError } from '../../cli/exit.ts'
import type { Options } from '../../cli/options.ts'
import type { Clock } from '../../core/clock.ts'
import { days, seconds } from '../../core/duration.ts'
import type { Random } from '../../core/random.ts'
import { openFileSource } from '../ingest/file-source.ts'
import { Simulator } from '../ingest/simulator.ts'
import { SocrataClient } from '../ingest/socrata-client.ts'
import { SocrataSource } from '../ingest/socrata-source.ts'
import type { Source } from '../ingest/source.ts'
import type { RawCase } from './raw-case.ts'
import { sfRowFormat } from './row-format.ts'
import { simulatedSanFrancisco } from './simulated-cases.ts'

export interface ChosenInput {
  /** For people: which input, and why. */
  readonly description: string
  readonly sources: readonly Source<RawCase>[]
  /** Bytes of all files together; undefined for what does not end. */
  readonly bytesTotal: () => number | undefined
  readonly bytesRead: () => number
}

export interface InputContext {
  readonly options: Pick<Options, 'input' | 'seed' | 'speed' | 'appToken' | 'untilDone'>
  /** Number of the run that is going on, of which this start may be the second. */
  readonly run: number
  readonly clock: Clock
  readonly random: Random
  readonly signal: AbortSignal
  /** Told of every value in a column that is not known. */
  readonly reportUnknown: (column: string) => void
}

export const DATASF = { portal: 'https://data.sfgov.org', dataset: 'vw6y-z8j6' } as const
const PROBE_TIMEOUT_MS = seconds(5)
/** A simulator faster than life begins this long ago. */
const SIMULATED_PAST_MS = days(7)

/** @throws CommandError for a file that is not there, or an input that never ends where an end is waited for. */
export async function chooseInput(context: InputContext): Promise<ChosenInput> {
  const { input } = context.options
  const [first] = input
  if (first === undefined) return endless(context, await dataSfOrSimulator(context))
  if (input.length === 1 && first === 'datasf') return endless(context, dataSf(context, 'as asked'))
  if (input.length === 1 && first === 'simulator') return endless(context, simulator(context, 'as asked'))
  const missing = input.filter((file) => !existsSync(file))
  if (missing.length > 0)
    throw usageError(`--input: there is no ${missing.join(', ')}; give files, datasf or simulator`)
  return files(input, context)
}

function endless({ options }: InputContext, chosen: ChosenInput): ChosenInput {
  if (options.untilDone)
    throw usageError(
      `--until-done needs an input that ends: name files with --input (${chosen.description} never ends)`,
    )
  return chosen
}

async function files(paths: readonly string[], { reportUnknown, run }: InputContext): Promise<ChosenInput> {
  const progress = new Map<string, { read: number; total: number }>()
  const sources: Source<RawCase>[] = []
  for (const path of paths) {
    const open = (copy: number) =>
      openFileSource({
        ...{ path, run, copy },
        format: sfRowFormat(reportUnknown),
        onProgress: ({ bytesRead, bytesTotal }) => progress.set(path, { read: bytesRead, total: bytesTotal }),
      })
    const source = await open(0)
    const copies = sources.filter(({ name }) => name.startsWith(source.name)).length
    sources.push(copies === 0 ? source : await open(copies))
  }
  const sum = (of: 'read' | 'total') => [...progress.values()].reduce((bytes, one) => bytes + one[of], 0)
  return {
    description: paths.length === 1 ? `file ${paths[0]}` : `${paths.length} files: ${paths.join(', ')}`,
    sources,
    bytesTotal: () => sum('total'),
    bytesRead: () => sum('read'),
  }
}

async function dataSfOrSimulator(context: InputContext): Promise<ChosenInput> {
  try {
    const probe = new SocrataClient({
      ...DATASF,
      clock: context.clock,
      random: context.random,
      timeoutMs: PROBE_TIMEOUT_MS,
      attemptsMax: 1,
    })
    await probe.rowsUpdatedAt(AbortSignal.any([context.signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]))
    return dataSf(context, 'it answers')
  } catch (error) {
    return simulator(context, `DataSF did not answer within ${PROBE_TIMEOUT_MS / 1000} s: ${reasonOf(error)}`)
  }
}

function reasonOf(error: unknown): string {
  const { cause } = error instanceof Error ? error : { cause: undefined }
  return cause instanceof Error ? reasonOf(cause) : error instanceof Error ? error.message : String(error)
}

function dataSf({ options, clock, random, reportUnknown }: InputContext, why: string): ChosenInput {
  const client = new SocrataClient({ ...DATASF, appToken: options.appToken, clock, random })
  const source = new SocrataSource<RawCase>({
    client,
    dataset: DATASF.dataset,
    clock,
    format: sfRowFormat(reportUnknown),
    contentOf: ({ content }) => content,
    openedColumn: 'requested_datetime',
    idColumn: 'service_request_id',
  })
  return withoutEnd(`DataSF ${DATASF.dataset} (${why})`, source)
}

function simulator({ options, clock, reportUnknown }: InputContext, why: string): ChosenInput {
  const start = options.speed > 1 ? clock.now() - SIMULATED_PAST_MS : clock.now()
  const source = new Simulator<RawCase>({
    ...{ seed: options.seed, start, speed: options.speed, clock },
    format: sfRowFormat(reportUnknown),
    simulate: simulatedSanFrancisco(),
  })
  const pace =
    options.speed > 1
      ? `a week in the past, at ${options.speed} times real speed until it reaches now`
      : 'at real speed'
  return withoutEnd(`the simulator, seed ${options.seed}, ${pace} (${why})`, source)
}

function withoutEnd(description: string, source: Source<RawCase>): ChosenInput {
  return { description, sources: [source], bytesTotal: () => undefined, bytesRead: () => 0 }
}
