// The serdes of all topics, with their schemas registered or looked up: before anything is written, and all that is refused told at once.
import { StreamsError } from '../core/errors.ts'
import type { SchemaRegistry } from '../serdes/schema-registry.ts'
import type { PhysicalTopic, TopicSerdes } from '../topology/graph.ts'
import { type StartPatience, untilAnswered } from './start-patience.ts'

/** What the registry says of one schema; the others are asked for all the same. */
const refusals: ReadonlySet<string> = new Set(['schema_incompatible', 'schema_invalid', 'schema_not_registered'])

/** By topic; a changelog holds bytes of many stores and has none. @throws StreamsError that names each subject and what to do */
export async function resolveSerdes(
  topics: readonly PhysicalTopic[],
  registry: SchemaRegistry,
  patience: StartPatience,
): Promise<Map<string, TopicSerdes>> {
  const serdes = new Map<string, TopicSerdes>()
  const refused: StreamsError[] = []
  for (const topic of topics) {
    if (topic.role === 'changelog') continue
    try {
      serdes.set(topic.name, await untilAnswered('the schema registry', patience, () => topic.serdes(registry)))
    } catch (error) {
      if (!(error instanceof StreamsError && refusals.has(error.code))) throw error
      refused.push(error)
    }
  }
  const [first] = refused
  if (first === undefined) return serdes
  throw new StreamsError(first.code, refused.map(({ message }) => message).join('\n'), { cause: first })
}
