// A send reaches several brokers, and may reach only some of them: what those have written stays in the open transaction.
import { ProducerFenced } from '../../core/errors.ts'
import type { Random } from '../../core/random.ts'
import type { Cluster, TransactionalProducer } from '../../kafka/cluster.ts'

export function withTornSends(cluster: Cluster, isTorn: () => boolean, random: Random): Cluster {
  return {
    admin: cluster.admin,
    groups: cluster.groups,
    openReader: () => cluster.openReader(),
    initProducer: async (options) => tearing(await cluster.initProducer(options), isTorn, random),
    close: () => cluster.close(),
  }
}

function tearing(producer: TransactionalProducer, isTorn: () => boolean, random: Random): TransactionalProducer {
  return {
    transactionalId: producer.transactionalId,
    producerId: producer.producerId,
    send: async (batches) => {
      if (batches.length < 2 || !isTorn()) return producer.send(batches)
      await producer.send(batches.slice(0, 1 + Math.floor(random() * (batches.length - 1))))
      throw new ProducerFenced('simulated', 'send was torn')
    },
    sendOffsets: (group, positions) => producer.sendOffsets(group, positions),
    commit: () => producer.commit(),
    abort: () => producer.abort(),
  }
}
