// The cluster of real brokers, Kafka 3.1 and later: wires what this folder's other files do. Connections are kept apart by use,
// because a broker answers the requests of a connection one after the other, and some of them wait.
import { assert } from '../../core/assert.ts'
import type { Clock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import type { Reachability } from '../../core/reachability.ts'
import type { Admin, Cluster, GroupCoordinator, LogReader, ProducerOptions, TransactionalProducer } from '../cluster.ts'
import type { BatchCompression } from '../record-batch/compress.ts'
import { brokerError } from './broker-errors.ts'
import { type Address, BrokerLinks } from './broker-links.ts'
import { ClusterMap } from './cluster-map.ts'
import type { ConnectionSettings, SaslSettings } from './connection-settings.ts'
import { Coordinators } from './coordinators.ts'
import { LeasedLinks } from './leased-links.ts'
import { apiVersions } from './messages/api-versions.ts'
import { Persistence } from './persistence.ts'
import { RemoteAdmin } from './remote-admin.ts'
import { RemoteGroups } from './remote-groups.ts'
import { RemoteProducer } from './remote-producer.ts'
import { RemoteReader } from './remote-reader.ts'
import { TopicAdministration } from './topic-administration.ts'
import { TransactionRequests } from './transaction-requests.ts'
import { type TransactionVersion, transactionVersionOf } from './transaction-version.ts'

export interface RemoteOptions {
  /** `host:port` of some brokers; the others are found through them. */
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Absent: plain text. */
  readonly ssl?: ConnectionSettings['ssl']
  readonly sasl?: SaslSettings
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** How long an answer may take; default 30 s. */
  readonly requestTimeoutMs?: number
  /** How long it may take to connect to a broker; default 5 s. */
  readonly connectTimeoutMs?: number
  /** How long a call is repeated while brokers, leaders or coordinators are away; default 30 s. */
  readonly patienceMs?: number
  /** Of topics that are created; default 3, or as many as there are brokers. */
  readonly replicationFactor?: number
  /** Of batches that are written; default none. */
  readonly compression?: BatchCompression
  /** For trials of the older way: version 1 although the cluster offers 2. */
  readonly transactionVersion?: TransactionVersion
  /** Told whether the brokers answer. */
  readonly reachability?: Reachability
}

/** How long a topic that a broker does not know may still be on its way to it. */
const newTopicPatienceMs = 3_000

/** Connects and learns what the brokers can do. @throws Retriable when none can be reached in time. */
export async function openRemoteCluster(options: RemoteOptions): Promise<Cluster> {
  const cluster = new RemoteCluster(options)
  try {
    await cluster.connect()
    return cluster
  } catch (error) {
    await cluster.close()
    throw error
  }
}

class RemoteCluster implements Cluster {
  readonly admin: Admin
  readonly groups: GroupCoordinator
  private readonly options: RemoteOptions
  private readonly settings: ConnectionSettings
  private readonly persistence: Persistence
  private readonly map: ClusterMap
  private readonly coordinators: Coordinators
  private readonly controlLinks: BrokerLinks
  private readonly producerLinks: BrokerLinks
  private readonly groupLinks: LeasedLinks
  private readonly readers = new Set<LogReader>()
  private transactions: TransactionRequests | undefined

  constructor(options: RemoteOptions) {
    const { brokers, clock, random, patienceMs = 30_000, replicationFactor, reachability } = options
    this.options = options
    this.settings = settingsOf(options)
    const { requestTimeoutMs } = this.settings
    this.controlLinks = new BrokerLinks(this.settings)
    this.producerLinks = new BrokerLinks(this.settings)
    this.groupLinks = new LeasedLinks(this.settings)
    const topics = new TopicAdministration(brokers, this.settings)
    this.persistence = new Persistence({ clock, random, limitMs: patienceMs, reachability })
    const newTopicPatience = new Persistence({ clock, random, limitMs: Math.min(patienceMs, newTopicPatienceMs) })
    this.map = new ClusterMap(brokers.map(addressOf), this.controlLinks, newTopicPatience)
    this.coordinators = new Coordinators(this.map, this.controlLinks, this.persistence)
    const { map, coordinators, persistence } = this
    const groups = new RemoteGroups({ coordinators, links: this.groupLinks, requestTimeoutMs })
    const identityIn = (group: string) => groups.identityIn(group)
    const common = { links: this.controlLinks, map, coordinators, topics, persistence, requestTimeoutMs }
    this.groups = groups
    this.admin = new RemoteAdmin({ ...common, replicationFactor, identityIn })
  }

  async connect(): Promise<void> {
    await this.persistence.repeat(async () => {
      await this.map.describe([])
      const answer = await this.map.askAny((broker) => this.controlLinks.ask(broker, apiVersions, {}))
      if (answer.errorCode !== 0) throw brokerError(answer.errorCode, apiVersions.name)
      const version = this.options.transactionVersion ?? transactionVersionOf(answer)
      this.transactions = new TransactionRequests(version, this.coordinators, this.producerLinks)
    })
  }

  openReader(): LogReader {
    const reader = new RemoteReader({
      links: new BrokerLinks(this.settings),
      map: this.map,
      persistence: this.persistence,
      clock: this.options.clock,
      requestTimeoutMs: this.settings.requestTimeoutMs,
      closed: () => this.readers.delete(reader),
    })
    this.readers.add(reader)
    return reader
  }

  async initProducer(options: ProducerOptions): Promise<TransactionalProducer> {
    const { transactions, map, persistence, producerLinks: links, settings } = this
    assert(transactions !== undefined, 'connected before it is used')
    const identity = await transactions.init(options)
    const { requestTimeoutMs } = settings
    const compression = this.options.compression ?? 'none'
    return new RemoteProducer(identity, { transactions, links, map, persistence, compression, requestTimeoutMs })
  }

  async close(): Promise<void> {
    for (const reader of this.readers) await reader.close()
    this.controlLinks.close()
    this.producerLinks.close()
    this.groupLinks.close()
  }
}

function settingsOf(options: RemoteOptions): ConnectionSettings {
  const { clientId, ssl, sasl, requestTimeoutMs = 30_000, connectTimeoutMs = 5_000, logger } = options
  return { clientId, ssl, sasl, requestTimeoutMs, connectTimeoutMs, logger }
}

/** `host:port`, or `[::1]:port`. */
function addressOf(broker: string): Address {
  const colon = broker.lastIndexOf(':')
  const host = broker.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const port = Number(broker.slice(colon + 1))
  if (colon > 0 && Number.isInteger(port) && port > 0) return { host, port }
  throw new StreamsError('invalid_broker', `a broker is written host:port, not ${JSON.stringify(broker)}`)
}
