// Whether the topics that are there can hold what the engine promises (exactly-once.md §1); of each that cannot, what is wrong and the command that mends it.
import { StreamsError } from '../core/errors.ts'
import { defaultTopicConfig, type TopicConfig, type TopicDescription, type TopicSpec } from '../kafka/cluster.ts'
import { topicConfigFields, topicConfigNames } from '../kafka/topic-config-names.ts'
import type { PhysicalTopic } from '../topology/graph.ts'
import { alterCommand, createCommand, deleteCommand } from './topic-commands.ts'
import { topicConfig } from './topic-config.ts'

type Setting = keyof TopicConfig
type Fits = (found: TopicDescription, wanted: TopicConfig) => boolean

const same =
  (name: Setting): Fits =>
  ({ config }, wanted) =>
    config[name] === wanted[name]
const atLeast =
  (name: 'deleteRetentionMs' | 'minCompactionLagMs'): Fits =>
  ({ config }, wanted) =>
    config[name] >= wanted[name]
const keepsAsLong: Fits = ({ config: { retentionMs } }, wanted) =>
  retentionMs < 0 || (wanted.retentionMs >= 0 && retentionMs >= wanted.retentionMs)
/** Only brokers delete for size. */
const keepsAnyNumber: Fits = ({ config, replication }) => replication === undefined || config.retentionBytes < 0
/** Only brokers refuse a batch for its size. */
const takesAsLarge: Fits = ({ config, replication }, wanted) =>
  replication === undefined || config.maxMessageBytes >= wanted.maxMessageBytes

/** Dead letters come in batches of brokers' usual size; of a larger record only its place is kept where its topic takes no larger batch. */
const takesUsualBatches: Fits = ({ config, replication }) =>
  replication === undefined || config.maxMessageBytes >= defaultTopicConfig.maxMessageBytes

type Rules = Readonly<Partial<Record<Setting, Fits>>>

/** With the event times of outputs no compaction lag protects a reader: it may find the newest record of each key alone. */
const keepsEveryRecord: Fits = ({ config }, wanted) =>
  !config.cleanupPolicy.includes('compact') || wanted.cleanupPolicy.includes('compact')

/** A sink that stood still for longer than tombstones are kept would leave rows behind that were deleted. */
const keepsTombstones: Fits = (found, wanted) =>
  found.replication === undefined ||
  !found.config.cleanupPolicy.includes('compact') ||
  atLeast('deleteRetentionMs')(found, wanted)

/** What a definition may say otherwise, if its readers can live with it. */
const readersChoices: readonly Setting[] = ['cleanupPolicy', 'deleteRetentionMs']

/** The guarantees rest on how the engine's own topics are configured; the others may be configured as their readers like. */
const rulesOf: Readonly<Record<PhysicalTopic['role'], Rules>> = {
  source: {},
  output: {
    cleanupPolicy: keepsEveryRecord,
    deleteRetentionMs: keepsTombstones,
    maxMessageBytes: takesAsLarge,
  },
  'dead-letters': { cleanupPolicy: keepsEveryRecord, maxMessageBytes: takesUsualBatches },
  repartition: {
    cleanupPolicy: same('cleanupPolicy'),
    timestampType: same('timestampType'),
    retentionMs: keepsAsLong,
    retentionBytes: keepsAnyNumber,
    maxMessageBytes: takesAsLarge,
  },
  changelog: {
    cleanupPolicy: same('cleanupPolicy'),
    timestampType: same('timestampType'),
    deleteRetentionMs: atLeast('deleteRetentionMs'),
    minCompactionLagMs: atLeast('minCompactionLagMs'),
    maxMessageBytes: takesAsLarge,
  },
}

/** @throws StreamsError `topic_mismatch` that names every topic, what is wrong and the way out */
export function requireFit(topics: readonly PhysicalTopic[], found: readonly (TopicDescription | undefined)[]): void {
  const problems = topics.flatMap((topic, i) => {
    const there = found[i]
    return there === undefined ? [] : problemsOf(topic, there)
  })
  if (problems.length > 0) throw new StreamsError('topic_mismatch', problems.join('\n'))
}

/** @throws StreamsError `topic_missing` with a command for each that nobody has created */
export function requireAll(specs: readonly TopicSpec[]): void {
  if (specs.length === 0) return
  const names = specs.map(({ name }) => name).join(', ')
  throw new StreamsError(
    'topic_missing',
    `topics that are needed are not there, and creating them is forbidden: ${names}. Have them created:\n${createCommands(specs)}`,
  )
}

export function createCommands(specs: readonly TopicSpec[]): string {
  return specs.map(createCommand).join('\n')
}

function problemsOf(topic: PhysicalTopic, found: TopicDescription): string[] {
  if (found.partitions !== topic.partitions) return [otherPartitions(topic, found)]
  return [...misconfigured(topic, found), ...unwritable(found)]
}

function otherPartitions(topic: PhysicalTopic, { partitions }: TopicDescription): string {
  const { name, role } = topic
  const isInternal = role === 'changelog' || role === 'repartition'
  const first = isInternal
    ? 'give the topics it follows from as many as they had'
    : `write \`partitions: ${partitions}\` in its definition`
  return (
    `topic ${name} has ${partitions} partitions, but its definition says ${topic.partitions}: ${first}, ` +
    `or, where nobody needs what it holds, delete it and what the application derived from it, and start again: ${deleteCommand(name)}`
  )
}

function misconfigured(topic: PhysicalTopic, found: TopicDescription): string[] {
  const wanted = topicConfig(topic)
  const rules = rulesOf[topic.role]
  const wrong = topicConfigFields.filter((field) => rules[field]?.(found, wanted) === false)
  if (wrong.length === 0) return []
  const differences = wrong.map(
    (field) => `${topicConfigNames[field]}=${found.config[field]} instead of ${wanted[field]}`,
  )
  const changes = Object.fromEntries(wrong.map((field) => [topicConfigNames[field], String(wanted[field])]))
  const command = alterCommand(topic.name, changes)
  const isChoice = topic.role === 'output' && wrong.every((field) => readersChoices.includes(field))
  const kept = wrong.map((field) => `${field}: ${JSON.stringify(found.config[field]).replaceAll('"', "'")}`)
  const remedy = isChoice
    ? `write \`${kept.join(', ')}\` in its definition, or, so that readers see every record: ${command}`
    : command
  return [
    `topic ${topic.name} has ${differences.join(', ')}, and would lose or refuse what the application keeps there: ${remedy}`,
  ]
}

/** Brokers would refuse every write, for ever. */
function unwritable({ name, replication }: TopicDescription): string[] {
  if (replication === undefined || replication.minInSync <= replication.copies) return []
  const { copies, minInSync } = replication
  return [
    `topic ${name} has ${copies} copies, but takes writes only with ${minInSync} in sync: ${alterCommand(name, { 'min.insync.replicas': `${copies}` })}`,
  ]
}
