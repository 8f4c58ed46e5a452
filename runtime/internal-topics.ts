// The topics of an application at its start: what is there is checked, what is missing is created.
import { Retriable, StreamsError } from '../core/errors.ts'
import { type Logger, silentLogger } from '../core/logger.ts'
import type { Admin, TopicDescription, TopicSpec } from '../kafka/cluster.ts'
import type { PhysicalTopic } from '../topology/graph.ts'
import { createCommands, requireAll, requireFit } from './topic-check.ts'
import { topicConfig } from './topic-config.ts'

export interface PrepareTopicsOptions {
  readonly logger?: Logger
  /** False: whoever owns the cluster creates topics, with the commands that the error names. Default true. */
  readonly autoCreateTopics?: boolean
}

/** Fewer, and one disk or broker that is lost may take records with it. */
const COPIES_WANTED = 3
const IN_SYNC_WANTED = 2

/** Returns descriptions by name. @throws StreamsError `topic_mismatch`, `topic_missing`, `topic_not_created` that names the commands that mend it */
export async function prepareTopics(
  admin: Admin,
  topics: readonly PhysicalTopic[],
  { logger = silentLogger, autoCreateTopics = true }: PrepareTopicsOptions = {},
): Promise<Map<string, TopicDescription>> {
  const found = await admin.describeTopics(topics.map(({ name }) => name))
  requireFit(topics, found)
  const missing = topics.filter((_, i) => found[i] === undefined)
  const specs = missing.map((topic) => ({ name: topic.name, partitions: topic.partitions, config: topicConfig(topic) }))
  if (!autoCreateTopics) requireAll(specs)
  const created = specs.length === 0 ? [] : await create(admin, specs)
  // Somebody else may have created some of them a moment ago, as he liked.
  requireFit(missing, created)
  if (specs.length > 0) logger.info('topics were created', { topics: specs.map(({ name }) => name).join(' ') })
  const all = [...found.filter((topic) => topic !== undefined), ...created]
  warnOfFewCopies(all, logger)
  warnOfUncleanElections(all, logger)
  return new Map(all.map((description) => [description.name, description]))
}

async function create(admin: Admin, specs: readonly TopicSpec[]): Promise<TopicDescription[]> {
  try {
    return await admin.createTopics(specs)
  } catch (cause) {
    if (!(cause instanceof StreamsError) || cause instanceof Retriable) throw cause
    throw new StreamsError(
      'topic_not_created',
      `topics cannot be created: ${cause.message}. Have them created:\n${createCommands(specs)}`,
      { cause },
    )
  }
}

function warnOfFewCopies(topics: readonly TopicDescription[], logger: Logger): void {
  const few = topics.filter(
    ({ replication }) =>
      replication !== undefined && (replication.copies < COPIES_WANTED || replication.minInSync < IN_SYNC_WANTED),
  )
  const [first] = few
  if (first?.replication === undefined) return
  const { copies, minInSync } = first.replication
  logger.warn('a broker that is lost may take records with it: topics have few copies', {
    ...{ topics: few.length, one: first.name, copies, 'min.insync.replicas': minInSync },
  })
}

/** Positions would then point behind records that nobody has read. */
function warnOfUncleanElections(topics: readonly TopicDescription[], logger: Logger): void {
  const unclean = topics.filter(({ replication }) => replication?.isUnclean)
  const [first] = unclean
  if (first === undefined) return
  logger.warn('brokers may drop committed records to go on after an outage: unclean.leader.election.enable=true', {
    ...{ topics: unclean.length, one: first.name },
  })
}
