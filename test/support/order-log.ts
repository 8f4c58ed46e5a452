// Orders of the simulation's topology in the log of a cluster: written there in transactions, and its topics by name.
import type { Cluster } from '../../kafka/cluster.ts'
import { TopicWriter } from '../../runtime/topic-io.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import type { CompiledTopology, PhysicalTopic } from '../../topology/graph.ts'
import { type Order, type OrderRow, orders } from '../simulation/orders.ts'

export function topicIn({ topics }: CompiledTopology, name: string): PhysicalTopic {
  const topic = topics.find((one) => one.name === name)
  if (topic === undefined) throw new Error(`no topic ${name}`)
  return topic
}

export async function writeOrders(
  rows: readonly OrderRow[],
  {
    topology,
    cluster,
    registry,
  }: { readonly topology: CompiledTopology; readonly cluster: Cluster; readonly registry: SchemaRegistry },
): Promise<void> {
  const input = topicIn(topology, orders.name)
  const producer = await cluster.initProducer({ transactionalId: 'input', transactionTimeoutMs: 60_000 })
  await new TopicWriter<string, Order>(input, await input.serdes(registry), producer).write(
    rows.map(({ id, order }) => ({ key: id, value: order, timestamp: order.at, ingestedAt: Date.now() })),
  )
}
