// `run`: opens everything in order, says where to look, waits for an end, and closes in the opposite order.
import type { Clock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { createMeasurements } from '../../metrics/catalogue.ts'
import type { Measurements } from '../../metrics/measurements.ts'
import { measureProcess } from '../../metrics/process.ts'
import { metricsPage } from '../../metrics/prometheus.ts'
import { createServer, type HttpServer } from '../../server/http-server.ts'
import type { CompiledTopology } from '../../topology/graph.ts'
import { banner } from '../banner.ts'
import { type DataDirectory, openDataDirectory } from '../data-directory.ts'
import { Dependencies } from '../dependencies.ts'
import { CommandError, type ExitCode } from '../exit.ts'
import { requireNeededServices } from '../needed-services.ts'
import type { Environment } from '../option-parser.ts'
import type { Options } from '../options.ts'
import type { Engine, Ingest, ProgramParts, ReadyCheck } from '../program.ts'
import { Progress, type ProgressNow } from '../progress.ts'
import { deadLetters, sourceLag } from '../run-figures.ts'
import type { Shutdown } from '../shutdown.ts'
import { type Ending, type Summary, summaryOf, summarySentence } from '../summary.ts'
import type { Terminal } from '../terminal.ts'
import { topicReader } from '../topic-reader.ts'

export interface RunContext {
  readonly parts: ProgramParts
  readonly options: Options
  readonly environment: Environment
  readonly terminal: Terminal
  readonly clock: Clock
  readonly logger: Logger
  /** Where log lines go: to the terminal, or above the progress bar while there is one. */
  readonly logLines: { write: (line: string) => void }
  readonly shutdown: Shutdown
}

const caughtUpCheckMs = 200

/** Whatever is opened is told to `shutdown` at once, so that it is closed whatever happens next. */
export async function run(context: RunContext): Promise<ExitCode> {
  const { options, shutdown, clock } = context
  const startedAt = clock.now()
  try {
    requireNeededServices(options)
    const directory = openDataDirectory(options.dataDir, options)
    shutdown.add('the data directory', () => directory.close())
    const { engine, ingest, topology, page } = await open(context, directory)
    const end = await endOf(context, { engine, ingest, topology, page, directory })
    const written = ingest.progress().written
    const run = { ending: end.ending, input: ingest.description, written, elapsedMs: clock.now() - startedAt }
    const summary = summaryOf(engine.snapshot(), topology, run)
    const isClean = await shutdown.close()
    tell(context, summary)
    // The very last thing: killed before, the run goes on when it is started again.
    if (end.ending === 'done') directory.finishRun()
    if (end.badInput !== undefined) throw new CommandError(4, end.badInput.message, end.badInput)
    return isClean ? 0 : 5
  } finally {
    await shutdown.close()
  }
}

interface Opened {
  readonly engine: Engine
  readonly ingest: Ingest
  readonly topology: CompiledTopology
  readonly page: string
}

/** The server comes first: while state is restored it already says so. */
async function open(context: RunContext, directory: DataDirectory): Promise<Opened> {
  const { parts, options, clock, logger, shutdown } = context
  const { definition } = parts
  const measurements = createMeasurements()
  shutdown.add('process measurements', measureProcess(measurements))
  const topology = await definition.topology(options)
  nameApplication(measurements, definition.version, topology)

  let engine: Engine | undefined
  let awaited: string | undefined
  const dependencies = new Dependencies(clock)
  const checks = () => [...dependencies.checks(), ...(engine?.checks() ?? [])]
  const server = serverOf(context, topology, measurements, { engine: () => engine, awaited: () => awaited, checks })
  const page = await server.listen(options.port)
  shutdown.add('the HTTP server', () => server.close())
  directory.publish(page)

  const started = await parts.startEngine({
    ...{ options, topology, directory, dependencies, measurements, clock, logger },
    signal: shutdown.signal,
    waitsFor: (what) => {
      awaited = what
    },
  })
  engine = started
  shutdown.add('the application', () => started.close())
  const lag = () => sourceLag(started.snapshot(), topology)
  const { cluster, registry } = started
  const ingest = await definition.startIngest({
    options,
    topology,
    cluster,
    registry,
    directory,
    measurements,
    clock,
    logger,
    lag,
    signal: shutdown.signal,
  })
  shutdown.add('the input', () => ingest.stop())
  return { engine: started, ingest, topology, page }
}

function nameApplication(measurements: Measurements, version: string, topology: CompiledTopology): void {
  measurements.cell('streams_app_info', { version, topology_hash: topology.hash, replay_id: '' }).value = 1
}

/** What the server can tell while the application is not there yet. */
interface Starting {
  readonly engine: () => Engine | undefined
  readonly awaited: () => string | undefined
  readonly checks: () => readonly ReadyCheck[]
}

function serverOf(
  { parts, options, clock, logger, shutdown }: RunContext,
  topology: CompiledTopology,
  measurements: Measurements,
  { engine, awaited, checks }: Starting,
): HttpServer {
  const { title, version, zone, readVolume } = parts.definition
  const draining = {
    name: 'shutdown',
    check: async () => {
      if (shutdown.signal.aborted) throw new Error('it is stopping')
    },
  }
  const starting = {
    name: 'start',
    check: async () => {
      if (awaited() !== undefined) throw new Error(`it waits for ${awaited()}`)
    },
  }
  return createServer({
    title,
    version,
    zone,
    address: options,
    topology,
    measurements,
    metrics: metricsPage(measurements, { app: topology.name, mode: 'live' }),
    clock,
    logger,
    snapshot: () => engine()?.snapshot(),
    polledAt: () => engine()?.polledAt?.(),
    checks: () => [draining, starting, ...checks()],
    readVolume: async (query) => readVolume(started(engine).rows, query),
    readTopic: async (request) => {
      const { cluster, registry } = started(engine)
      return topicReader(cluster, registry, topology)(request)
    },
    stores: () => started(engine).stores,
  })
}

function started(engine: () => Engine | undefined): Engine {
  const running = engine()
  if (running === undefined) throw Object.assign(new Error('the application is starting'), { statusCode: 503 })
  return running
}

/** Input that is mostly bad is an end with counts, not a crash. */
async function endOf(
  context: RunContext,
  opened: Opened & { readonly directory: DataDirectory },
): Promise<{ readonly ending: Ending; readonly badInput?: StreamsError }> {
  try {
    return { ending: await follow(context, opened) }
  } catch (error) {
    if (error instanceof StreamsError && error.code === 'too_many_bad_records')
      return { ending: 'failed', badInput: error }
    throw error
  }
}

/** Says where to look, shows how far it is, and returns why it ended. */
async function follow(context: RunContext, opened: Opened & { readonly directory: DataDirectory }): Promise<Ending> {
  const { parts, options, environment, terminal, clock, logLines } = context
  const { engine, ingest, page, directory } = opened
  const { title } = parts.definition
  const places = { title, input: ingest.description, page, postgresUrl: engine.postgresUrl, directory: directory.path }
  const out = options.json ? terminal.stderr : terminal.stdout
  out.write(banner(places, out.isTTY, environment))
  const progress = new Progress({ stream: terminal.stderr, clock, now: () => progressOf(opened) })
  const writeDirectly = logLines.write
  logLines.write = (line) => progress.write(line)
  progress.start()
  try {
    return await firstEnd(context, opened)
  } finally {
    await progress.stop()
    logLines.write = writeDirectly
  }
}

function progressOf({ engine, ingest, topology }: Opened): ProgressNow {
  const { written, total } = ingest.progress()
  const snapshot = engine.snapshot()
  const note = `${snapshot.state}, lag ${sourceLag(snapshot, topology).toLocaleString('en-US')}, ${deadLetters(snapshot).toLocaleString('en-US')} dead letters`
  return { done: written, total, note }
}

/** @throws what ended the application or the input for good */
async function firstEnd({ options, shutdown, clock, logger }: RunContext, { engine, ingest }: Opened): Promise<Ending> {
  // Whatever ends first ends the waiting for the others: the process must not live on for them.
  const over = new AbortController()
  const stop = AbortSignal.any([shutdown.signal, over.signal])
  const stopped = new Promise<Ending>((resolve) => {
    if (stop.aborted) resolve('stopped')
    stop.addEventListener('abort', () => resolve('stopped'), { once: true })
  })
  const inputEnded = ingest.ended.then(async (): Promise<Ending> => {
    if (stop.aborted) return stopped
    logger.info(
      options.untilDone
        ? 'the input has ended; finishing what is in the log'
        : 'the input has ended; Ctrl-C stops the application',
    )
    if (!options.untilDone) return stopped
    while (!stop.aborted && !(await engine.isCaughtUp())) await clock.sleep(caughtUpCheckMs, stop)
    return stop.aborted ? 'stopped' : 'done'
  })
  const applicationEnded = engine.ended.then(() => stopped)
  try {
    return await Promise.race([stopped, inputEnded, applicationEnded])
  } finally {
    over.abort()
  }
}

function tell({ options, terminal }: RunContext, summary: Summary): void {
  if (options.json) terminal.stdout.write(`${JSON.stringify(summary)}\n`)
  else terminal.stdout.write(`\n${summarySentence(summary)}\n`)
}
