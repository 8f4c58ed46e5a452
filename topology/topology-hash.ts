// A topology's hash: of names, schemas, operations and how they are connected, not of code. Equal on every machine.
import { createHash } from 'node:crypto'
import { schemasOf } from './physical-topics.ts'
import type { Step } from './steps.ts'

const HASH_LENGTH = 16

export function hashOf(app: string, steps: readonly Step[]): string {
  const facts = steps.map((step) => ({
    ...factsOf(step),
    inputs: step.inputs.map(({ step: { name }, port }) => [name, port]),
  }))
  return createHash('sha256').update(JSON.stringify({ app, facts })).digest('hex').slice(0, HASH_LENGTH)
}

function factsOf(step: Step): Readonly<Record<string, unknown>> {
  const { kind, name } = step
  switch (step.kind) {
    case 'source':
      return { kind, name, as: step.as, topic: step.topic.name, use: step.use, schemas: schemasOf(step.topic) }
    case 'write':
      return { kind, name, topic: step.topic.name, use: step.use, schemas: schemasOf(step.topic) }
    case 'sink':
      return { kind, name, table: step.table.name }
    case 'operator': {
      const { operation, settings, onError, globalTables } = step
      return { kind, name, operation, settings, onError, globalTables, stores: step.stores.map(storeFacts) }
    }
  }
}

function storeFacts({
  kind,
  name,
}: {
  readonly kind: string
  readonly name: string
}): Readonly<Record<string, unknown>> {
  return { kind, name }
}
