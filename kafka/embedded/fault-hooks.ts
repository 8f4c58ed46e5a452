// Faults for simulations: a cluster whose every call may fail before it is applied, or after it with the answer lost.
import type { Admin, Cluster, GroupCoordinator, LogReader, TransactionalProducer } from '../cluster.ts'

export type ClusterCall =
  | keyof Admin
  | 'initProducer'
  | 'send'
  | 'sendOffsets'
  | 'commit'
  | 'abort'
  | 'fetch'
  | keyof GroupCoordinator

export interface FaultHooks {
  /** Throwing means: the call is not applied. */
  before?(call: ClusterCall): void | Promise<void>
  /** Throwing means: the call is applied, its answer is lost. */
  after?(call: ClusterCall): void | Promise<void>
}

/** Stands around each call: it may delay it, leave it out, apply it later or forget its answer. */
export type Around = <T>(call: ClusterCall, apply: () => Promise<T>) => Promise<T>

/** The same cluster with `faults` around each call of its admin, readers, producers and groups. */
export function withFaults<Inner extends Cluster>(cluster: Inner, faults: FaultHooks): FaultyCluster {
  return withAround(cluster, async (call, apply) => {
    await faults.before?.(call)
    const answer = await apply()
    await faults.after?.(call)
    return answer
  })
}

export type FaultyCluster = Pick<Cluster, 'admin' | 'groups' | 'initProducer' | 'openReader'>

export function withAround(cluster: Cluster, around: Around): FaultyCluster {
  return {
    admin: faultyAdmin(cluster.admin, around),
    groups: faultyGroups(cluster.groups, around),
    openReader: () => faultyReader(cluster.openReader(), around),
    initProducer: (options) =>
      around('initProducer', async () => faultyProducer(await cluster.initProducer(options), around)),
  }
}

function faultyAdmin(admin: Admin, around: Around): Admin {
  return {
    createTopics: (specs) => around('createTopics', () => admin.createTopics(specs)),
    describeTopics: (names) => around('describeTopics', () => admin.describeTopics(names)),
    listTopics: () => around('listTopics', () => admin.listTopics()),
    deleteTopic: (name) => around('deleteTopic', () => admin.deleteTopic(name)),
    offsets: (of) => around('offsets', () => admin.offsets(of)),
    deleteRecords: (before) => around('deleteRecords', () => admin.deleteRecords(before)),
    committed: (group, of) => around('committed', () => admin.committed(group, of)),
    commitOffsets: (group, positions) => around('commitOffsets', () => admin.commitOffsets(group, positions)),
  }
}

function faultyReader(reader: LogReader, around: Around): LogReader {
  return {
    fetch: (positions, options) => around('fetch', () => reader.fetch(positions, options)),
    close: () => reader.close(),
  }
}

function faultyProducer(producer: TransactionalProducer, around: Around): TransactionalProducer {
  return {
    transactionalId: producer.transactionalId,
    producerId: producer.producerId,
    send: (batches) => around('send', () => producer.send(batches)),
    sendOffsets: (group, positions) => around('sendOffsets', () => producer.sendOffsets(group, positions)),
    commit: () => around('commit', () => producer.commit()),
    abort: () => around('abort', () => producer.abort()),
  }
}

function faultyGroups(groups: GroupCoordinator, around: Around): GroupCoordinator {
  return {
    join: (request) => around('join', () => groups.join(request)),
    sync: (request) => around('sync', () => groups.sync(request)),
    heartbeat: (member) => around('heartbeat', () => groups.heartbeat(member)),
    leave: (member) => around('leave', () => groups.leave(member)),
  }
}
