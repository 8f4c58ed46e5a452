// Creates, deletes and configures topics through kafkajs's admin client, which connects for each call: there are few.
import kafkajs, { type Admin, type SASLOptions } from 'kafkajs'
import { Retriable, StreamsError } from '../../core/errors.ts'
import { type CleanupPolicy, defaultTopicConfig, type TopicConfig, type TopicSpec } from '../cluster.ts'
import { topicConfigNames } from '../topic-config-names.ts'
import type { ConnectionSettings } from './connection-settings.ts'

// A CommonJS module whose names Node does not find.
const { ConfigResourceTypes, Kafka, logLevel } = kafkajs
const retries = { retries: 5, initialRetryTime: 100, maxRetryTime: 1_000 }

export interface FoundConfig {
  readonly config: TopicConfig
  readonly minInSync: number
  readonly isUnclean: boolean
}

export class TopicAdministration {
  private readonly openAdmin: () => Admin

  constructor(brokers: readonly string[], settings: ConnectionSettings) {
    const { clientId, ssl, sasl, connectTimeoutMs, requestTimeoutMs, logger } = settings
    const kafka = new Kafka({
      clientId,
      brokers: [...brokers],
      connectionTimeout: connectTimeoutMs,
      requestTimeout: requestTimeoutMs,
      retry: retries,
      // It calls it an error that a topic exists already.
      logLevel: logLevel.WARN,
      logCreator:
        () =>
        ({ log }) =>
          logger.debug(`kafkajs: ${log.message}`),
      ...(ssl === undefined ? {} : { ssl }),
      // SaslSettings are those of SASLOptions that need no further package. A copy, because kafkajs keeps an authenticator in it.
      ...(sasl === undefined ? {} : { sasl: { ...sasl } as SASLOptions }),
    })
    this.openAdmin = () => kafka.admin()
  }

  /** Some of them may exist already, made by somebody else just now. */
  async create(specs: readonly TopicSpec[], replicationFactor: number): Promise<void> {
    const topics = specs.map(({ name, partitions, config }) => ({
      topic: name,
      numPartitions: partitions,
      replicationFactor,
      configEntries: configEntriesOf(config),
    }))
    await this.call('CreateTopics', (admin) => admin.createTopics({ topics, waitForLeaders: false }))
  }

  delete(name: string): Promise<void> {
    return this.call('DeleteTopics', (admin) => admin.deleteTopics({ topics: [name] }))
  }

  /** In the order asked. */
  async configs(names: readonly string[]): Promise<FoundConfig[]> {
    if (names.length === 0) return []
    const resources = names.map((name) => ({ type: ConfigResourceTypes.TOPIC, name, configNames: configNames() }))
    const answer = await this.call('DescribeConfigs', (admin) =>
      admin.describeConfigs({ resources, includeSynonyms: false }),
    )
    const byName = new Map(answer.resources.map((resource) => [resource.resourceName, resource.configEntries]))
    return names.map((name) => {
      const entries = new Map(
        (byName.get(name) ?? []).map(({ configName, configValue }): [string, string] => [configName, configValue]),
      )
      return {
        config: configOf(entries),
        minInSync: Number(entries.get(minInSyncName) ?? 1),
        isUnclean: entries.get(uncleanName) === 'true',
      }
    })
  }

  /** Over connections of its own: kafkajs keeps a processor busy as long as one is open. */
  private async call<Answer>(api: string, ask: (admin: Admin) => Promise<Answer>): Promise<Answer> {
    const admin = this.openAdmin()
    try {
      await admin.connect()
      return await ask(admin)
    } catch (cause) {
      throw administrationError(cause, api)
    } finally {
      await admin.disconnect()
    }
  }
}

// ---- Kafka's names for our configuration

interface Key {
  readonly name: string
  read(text: string): Partial<TopicConfig>
  write(config: TopicConfig): string
}

/** Broker and topic may both say these; they are not ours to set. */
const minInSyncName = 'min.insync.replicas'
const uncleanName = 'unclean.leader.election.enable'

const keys: readonly Key[] = [
  {
    name: topicConfigNames.cleanupPolicy,
    read: (text) => ({ cleanupPolicy: cleanupPolicyOf(text) }),
    write: (config) => config.cleanupPolicy,
  },
  {
    name: topicConfigNames.timestampType,
    read: (text) => ({ timestampType: text === 'LogAppendTime' ? 'LogAppendTime' : 'CreateTime' }),
    write: (config) => config.timestampType,
  },
  numeric('retentionMs'),
  numeric('retentionBytes'),
  numeric('segmentBytes'),
  numeric('segmentMs'),
  numeric('deleteRetentionMs'),
  numeric('minCompactionLagMs'),
  numeric('maxMessageBytes'),
]

function numeric(field: Exclude<keyof TopicConfig, 'cleanupPolicy' | 'timestampType'>): Key {
  const name = topicConfigNames[field]
  return { name, read: (text) => ({ [field]: Number(text) }), write: (config) => String(config[field]) }
}

const configNames = () => [...keys.map(({ name }) => name), minInSyncName, uncleanName]

function configEntriesOf(config: TopicConfig): { name: string; value: string }[] {
  return keys.map(({ name, write }) => ({ name, value: write(config) }))
}

function configOf(entries: ReadonlyMap<string, string>): TopicConfig {
  const known = keys.map(({ name, read }) => {
    const text = entries.get(name)
    return text === undefined ? {} : read(text)
  })
  return Object.assign({}, defaultTopicConfig, ...known)
}

function cleanupPolicyOf(text: string): CleanupPolicy {
  if (!text.includes('compact')) return 'delete'
  return text.includes('delete') ? 'compact,delete' : 'compact'
}

// ---- kafkajs's errors

interface KafkajsError {
  readonly message: string
  readonly type?: string
  readonly retriable?: boolean
  readonly cause?: KafkajsError
  readonly errors?: readonly KafkajsError[]
}

/** Brokers learn of a topic one after the other: one that does not know it yet is asked again. */
const passingTypes = ['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE', 'NOT_CONTROLLER', 'REQUEST_TIMED_OUT']

function administrationError(cause: unknown, api: string): StreamsError {
  const error = rootOf(cause as KafkajsError) // whatever kafkajs throws has this shape
  const message = `${api} failed: ${error.message}`
  const isPassing = error.type === undefined ? error.retriable === true : passingTypes.includes(error.type)
  const code = error.type?.toLowerCase() ?? 'administration_failed'
  return isPassing ? new Retriable(code, message, { cause }) : new StreamsError(code, message, { cause })
}

function rootOf(error: KafkajsError): KafkajsError {
  const inner = error.errors?.find(({ type }) => type !== 'TOPIC_ALREADY_EXISTS') ?? error.cause
  return inner === undefined ? error : rootOf(inner)
}
