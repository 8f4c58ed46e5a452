// The topics of a compiled topology under their physical names, each once, in the order of first use.
import { StreamsError } from '../core/errors.ts'
import { avroSchemaText } from '../serdes/avro-schema.ts'
import type { SubjectStrategy } from '../serdes/subject.ts'
import type { PhysicalTopic } from './graph.ts'
import type { AnyTopic, TopicUse } from './steps.ts'
import { topicSerdes } from './topic-serdes.ts'

type Role = PhysicalTopic['role']

interface Known {
  readonly definition: AnyTopic
  readonly physical: PhysicalTopic
}

export class PhysicalTopics {
  private readonly app: string
  private readonly subjects: SubjectStrategy
  private readonly roleOf: (definition: AnyTopic, use: TopicUse) => Role
  private readonly known = new Map<string, Known>()

  constructor(app: string, subjects: SubjectStrategy, roleOf: (definition: AnyTopic, use: TopicUse) => Role) {
    this.app = app
    this.subjects = subjects
    this.roleOf = roleOf
  }

  get all(): readonly PhysicalTopic[] {
    return [...this.known.values()].map(({ physical }) => physical)
  }

  of(definition: AnyTopic, use: TopicUse): PhysicalTopic {
    const name = physicalName(this.app, definition, use)
    const known = this.known.get(name)
    if (known !== undefined) {
      requireSame(name, known.definition, definition)
      return known.physical
    }
    const { partitions, config } = definition
    const role = this.roleOf(definition, use)
    const serdes = topicSerdes(definition, use, this.subjects)
    const physical: PhysicalTopic = { name, partitions, role, config, serdes }
    this.known.set(name, { definition, physical })
    return physical
  }
}

export function physicalName(app: string, { name }: AnyTopic, use: TopicUse): string {
  return use === 'internal' ? `${app}-${name}-repartition` : name
}

/** What makes a topic's bytes what they are, for comparing definitions and for the topology's hash. */
export function schemasOf(topic: AnyTopic): Readonly<Record<string, string>> {
  const key = avroSchemaText(topic.key)
  if (topic.kind !== 'group topic') return { key, value: avroSchemaText(topic.value), format: topic.format }
  const { entry, sourceKey, sourceValue } = topic
  return {
    key,
    entry: avroSchemaText(entry),
    sourceKey: avroSchemaText(sourceKey),
    sourceValue: avroSchemaText(sourceValue),
  }
}

function requireSame(name: string, one: AnyTopic, other: AnyTopic): void {
  if (one === other) return
  const same =
    one.kind === other.kind &&
    one.partitions === other.partitions &&
    subjectsOf(one) === subjectsOf(other) &&
    JSON.stringify(schemasOf(one)) === JSON.stringify(schemasOf(other))
  if (same) return
  throw new StreamsError(
    'topology',
    `topic ${name} is declared twice with different schemas, subjects or partitions: use one definition`,
  )
}

function subjectsOf(topic: AnyTopic): SubjectStrategy | undefined {
  return topic.kind === 'group topic' ? undefined : topic.subjects
}
