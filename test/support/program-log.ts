// What the program left in the topics of its data directory, read after its end.
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { seededRandom } from '../../core/random.ts'
import { openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { TopicReader, type TopicRecord } from '../../runtime/topic-io.ts'
import { openEmbeddedRegistry } from '../../serdes/registry/embedded.ts'
import type { CompiledTopology } from '../../topology/graph.ts'

/** All committed records of a topic. */
export async function committedRecords(
  directory: string,
  topology: CompiledTopology,
  name: string,
): Promise<TopicRecord<unknown, unknown>[]> {
  const log = join(directory, 'log')
  const cluster = await openEmbeddedCluster({ directory: log, clock: systemClock, random: seededRandom(1) })
  try {
    const registry = await openEmbeddedRegistry({ file: join(log, 'schemas.jsonl') })
    const topic = topology.topics.find((one) => one.name === name)
    if (topic === undefined) throw new Error(`there is no topic ${name}`)
    return await new TopicReader(topic, await topic.serdes(registry), cluster).readAll()
  } finally {
    await cluster.close()
  }
}
