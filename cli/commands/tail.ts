// `tail`: prints a topic's records, decoded. It asks the running application, or opens the log itself when nothing runs on it.
import type { Clock } from '../../core/clock.ts'
import { parseReadFrom, type TopicAnswer, type TopicRecord } from '../../server/topic-records.ts'
import { isDataDirectory, openDataDirectory } from '../data-directory.ts'
import { lockHolder } from '../directory-lock.ts'
import { CommandError, type ExitCode } from '../exit.ts'
import type { Options } from '../options.ts'
import type { ProgramParts } from '../program.ts'
import type { Shutdown } from '../shutdown.ts'
import type { Terminal } from '../terminal.ts'
import { topicReader } from '../topic-reader.ts'

export interface TailContext {
  readonly parts: ProgramParts
  readonly options: Options
  readonly topic: string
  readonly terminal: Terminal
  readonly clock: Clock
  readonly shutdown: Shutdown
}

type Read = (from: string, limit: number) => Promise<TopicAnswer>

const pollIntervalMs = 500
const pageMax = 500

export async function tail(context: TailContext): Promise<ExitCode> {
  const { options, shutdown } = context
  if (!isDataDirectory(options.dataDir))
    throw new CommandError(3, `${options.dataDir} is no data directory; start the application first`)
  const holder = lockHolder(options.dataDir)
  try {
    if (holder === undefined) return await follow(context, await directRead(context), 'once')
    if (holder.url === undefined)
      throw new CommandError(3, `the application (process ${holder.pid}) is starting; try again`)
    return await follow(context, httpRead(holder.url, context.topic), 'on')
  } finally {
    await shutdown.close()
  }
}

/** When nothing runs, nothing new will come: `once` ends at the end. */
async function follow(
  { options, clock, shutdown, terminal }: TailContext,
  read: Read,
  until: 'once' | 'on',
): Promise<ExitCode> {
  const limit = options.limit === 0 ? Number.POSITIVE_INFINITY : options.limit
  let from = options.fromBeginning ? 'beginning' : 'end'
  for (let printed = 0; printed < limit && !shutdown.signal.aborted; ) {
    const { records, next } = await read(from, Math.min(pageMax, limit - printed))
    for (const record of records) terminal.stdout.write(options.json ? `${JSON.stringify(record)}\n` : lineOf(record))
    printed += records.length
    from = next
    if (records.length > 0) continue
    if (until === 'once') return 0
    await clock.sleep(pollIntervalMs, shutdown.signal)
  }
  return 0
}

function httpRead(url: string, topic: string): Read {
  return async (from, limit) => {
    const query = new URLSearchParams({ from, limit: String(limit) })
    const answer = await fetch(`${url}/api/topics/${encodeURIComponent(topic)}/records?${query}`)
    const body: unknown = await answer.json()
    if (!answer.ok) throw new CommandError(answer.status === 404 ? 2 : 1, reasonOf(body))
    // The server is this program; its answer is what topic-records.ts says.
    return body as TopicAnswer
  }
}

async function directRead({ parts, options, topic, shutdown }: TailContext): Promise<Read> {
  const directory = openDataDirectory(options.dataDir, { fresh: false })
  shutdown.add('the data directory', () => directory.close())
  const log = await parts.openLog(directory)
  shutdown.add('the log', () => log.close())
  const topology = await parts.definition.topology(options)
  const read = topicReader(log.cluster, log.registry, topology)
  return async (from, limit) => {
    const answer = await read({ topic, from: parseReadFrom(from) ?? 'end', limit })
    if (answer !== undefined) return answer
    throw new CommandError(2, `no topic ${topic}; there are ${topology.topics.map(({ name }) => name).join(', ')}`)
  }
}

/** `1:184  2023-02-09T16:35:00.000Z  "16315011"  {…}` */
function lineOf({ partition, offset, timestamp, key, value, problem }: TopicRecord): string {
  const place = `${partition}:${offset}`.padEnd(10)
  const note = problem === undefined ? '' : `  (${problem})`
  return `${place}${new Date(timestamp).toISOString()}  ${JSON.stringify(key)}  ${JSON.stringify(value)}${note}\n`
}

function reasonOf(body: unknown): string {
  return typeof body === 'object' && body !== null && 'error' in body ? String(body.error) : 'the server did not answer'
}
