// Mistakes that types cannot see: each is an error of `build`, naming the steps and the way out.
import { StreamsError } from '../core/errors.ts'
import type { StoreDefinition } from '../state/definitions.ts'
import type { SourceNode } from './graph.ts'
import type { SourceStep, Step } from './steps.ts'

function mistake(message: string): StreamsError {
  return new StreamsError('topology', message)
}

/** A store's name is the prefix of its keys for ever: one definition, one step that writes it. */
export function requireOneStoreAName(steps: readonly Step[]): void {
  const known = new Map<string, StoreDefinition>()
  for (const step of steps)
    for (const store of step.kind === 'operator' ? step.stores : []) {
      if ((known.get(store.name) ?? store) !== store)
        throw mistake(`two steps keep stores named '${store.name}': name one of them otherwise`)
      known.set(store.name, store)
    }
}

/** What is processed together is one task a partition. */
export function requireSamePartitions(sources: readonly SourceNode[]): number {
  const [first, ...others] = sources
  if (first === undefined) return 0
  const { topic } = first
  const other = others.find((source) => source.topic.partitions !== topic.partitions)?.topic
  if (other === undefined) return topic.partitions
  const both = `${topic.name} (${topic.partitions}) and ${other.name} (${other.partitions})`
  throw mistake(`${both} are processed together, but have different numbers of partitions: repartition one of them`)
}

/** A row has to be a function of one committed record: then the position in the table is all that exactly-once needs. */
export function requireSinkOnly(steps: readonly Step[]): void {
  const sink = steps.find((step) => step.kind === 'sink')
  const other = steps.find(isForeignToSinks) ?? steps.find((step) => step.kind === 'source' && isNoCommittedTopic(step))
  if (other !== undefined && sink !== undefined)
    throw mistake(
      `${sink.name} stands in one sub-topology with ${other.name}: write to a topic first, and sink that topic`,
    )
}

function isForeignToSinks(step: Step): boolean {
  if (step.kind === 'operator') return step.stores.length > 0 || step.deadLetters !== undefined
  return step.kind === 'write'
}

function isNoCommittedTopic({ use, as }: SourceStep): boolean {
  return use === 'internal' || as !== 'stream'
}

/** One topic, one reading of it. */
export function requireSameReading(sources: readonly SourceStep[]): void {
  for (const { topic, as } of sources) {
    const other = sources.find((source) => source.topic.name === topic.name && source.as !== as)
    if (other !== undefined)
      throw mistake(
        `${topic.name} is read as ${as} and as ${other.as}: read it as a table, and use its toStream for the other`,
      )
  }
}
