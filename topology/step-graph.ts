// The growing graph of one StreamsBuilder: steps are only ever added, each under a name of its own.
// A name is the step's operation and the definition it stands nearest to, so that inserting a step renames no other kind of step, and nothing durable ever.
import { StreamsError } from '../core/errors.ts'
import type { OperatorStep, SinkStep, SourceStep, Step, WriteStep } from './steps.ts'

type Unnamed<S extends Step> = Omit<S, 'index' | 'name' | 'kind'>

const operatorDefaults = {
  stores: [],
  globalTables: [],
  onError: 'fail',
  deadLetters: undefined,
  settings: '',
  expiry: undefined,
} as const

type NewOperator = Pick<OperatorStep, 'inputs' | 'instantiate'> &
  Partial<Pick<OperatorStep, keyof typeof operatorDefaults>>

export interface StepName {
  readonly operation: string
  /** The topic, store or table this step stands for, or the nearest one upstream. */
  readonly anchor: string
  readonly explicit?: string | undefined
}

export class StepGraph {
  private readonly added: Step[] = []
  private readonly names = new Set<string>()

  get steps(): readonly Step[] {
    return this.added
  }

  source(name: StepName, step: Unnamed<SourceStep>): SourceStep {
    return this.add({ ...step, ...this.identify(name), kind: 'source' })
  }

  operator(name: StepName, step: NewOperator): OperatorStep {
    return this.add({
      ...operatorDefaults,
      ...step,
      ...this.identify(name),
      kind: 'operator',
      operation: name.operation,
    })
  }

  write(name: StepName, step: Unnamed<WriteStep>): WriteStep {
    return this.add({ ...step, ...this.identify(name), kind: 'write' })
  }

  sink(name: StepName, step: Unnamed<SinkStep>): SinkStep {
    return this.add({ ...step, ...this.identify(name), kind: 'sink' })
  }

  private add<S extends Step>(step: S): S {
    this.added.push(step)
    return step
  }

  private identify({ operation, anchor, explicit }: StepName): { readonly index: number; readonly name: string } {
    const name = explicit ?? this.unused(`${operation}-${anchor}`)
    if (this.names.has(name))
      throw new StreamsError('topology', `two steps are named '${name}': name one of them otherwise`)
    this.names.add(name)
    return { index: this.added.length, name }
  }

  private unused(wanted: string): string {
    if (!this.names.has(wanted)) return wanted
    for (let n = 2; ; n++) if (!this.names.has(`${wanted}-${n}`)) return `${wanted}-${n}`
  }
}
