// Starts the input of San Francisco 311: chooses it, and brings its rows into sf311.raw until it ends or is stopped.
import type { Ingest, IngestContext } from '../../cli/program.ts'
import { Ingester } from '../ingest/ingester.ts'
import { chooseInput } from './choose-input.ts'
import { topics } from './topics.ts'

export async function startIngest(context: IngestContext): Promise<Ingest> {
  const { cluster, registry, clock, logger, options, directory, signal } = context
  const stopping = new AbortController()
  const until = AbortSignal.any([signal, stopping.signal])
  const reportUnknown = driftReport(context)
  const chosen = await chooseInput({
    ...{ options, run: directory.run, clock },
    random: Math.random,
    signal: until,
    reportUnknown,
  })
  const ingester = await Ingester.open({
    ...{ cluster, registry, clock, logger },
    topic: topics.raw,
    cursorTopic: 'sf311.ingest-cursors',
    transactionalId: 'sf311-ingest',
    lag: context.lag,
  })
  let written = 0
  const run = async () => {
    for (const source of chosen.sources) {
      const before = written
      await ingester.run(source, until, ({ rows }) => {
        written = before + rows
      })
    }
  }
  const ended = run()
  return {
    description: chosen.description,
    ended,
    progress: () => ({ written, total: totalOf(written, chosen.bytesRead(), chosen.bytesTotal()) }),
    stop: async () => {
      stopping.abort()
      await ended.catch(() => {})
    },
  }
}

/** A new column is no error: its values are counted and kept, and its name is said once. */
function driftReport({ measurements, logger }: IngestContext): (column: string) => void {
  const values = measurements.cell('sf311_unknown_columns_total')
  const said = new Set<string>()
  return (column) => {
    values.value++
    if (said.has(column)) return
    said.add(column)
    logger.warn('a column is new: its values are kept in extra', { column })
  }
}

/** Estimated from the share of bytes read. */
function totalOf(written: number, bytesRead: number, bytesTotal: number | undefined): number | undefined {
  return bytesTotal === undefined || bytesRead === 0
    ? undefined
    : Math.max(written, Math.round((written * bytesTotal) / bytesRead))
}
