// Serdes of a topic as a task gets them, for tests that read without an application.
import { type Clock, systemClock } from '../../core/clock.ts'
import { silentLogger } from '../../core/logger.ts'
import { type InputSerdes, SchemaWaits } from '../../runtime/schema-waits.ts'
import type { SchemaRegistry } from '../../serdes/schema-registry.ts'
import type { PhysicalTopic } from '../../topology/graph.ts'

export async function inputSerdes(
  { name: topic, serdes }: PhysicalTopic,
  registry: SchemaRegistry,
  clock: Clock = systemClock,
): Promise<InputSerdes> {
  const { key, value } = await serdes(registry)
  return { key, value, schemas: new SchemaWaits({ topic, serde: value, clock, logger: silentLogger, onEnd: () => {} }) }
}
