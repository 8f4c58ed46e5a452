// Which steps run as one task: those connected without a topic between, and those that read one topic or share one store.
import type { Step } from './steps.ts'

/** Each component in the order of declaration; components in the order of their first source. Global tables are no tasks: they are left out. */
export function splitComponents(steps: readonly Step[]): Step[][] {
  const union = new Union()
  const local = steps.filter((step) => !isGlobal(step))
  for (const step of local) for (const { step: input } of step.inputs) union.join(step, input)
  joinShared(local, union)
  const components = new Map<Step, Step[]>()
  for (const step of local) {
    const root = union.rootOf(step)
    components.set(root, [...(components.get(root) ?? []), step])
  }
  return [...components.values()]
}

function isGlobal(step: Step): boolean {
  return step.kind === 'source' && step.as === 'global table'
}

/** One store belongs to one task, and so does one input topic; a sink reads its topic as a task of its own. */
function joinShared(steps: readonly Step[], union: Union): void {
  const sinks = new Set(steps.filter(({ kind }) => kind === 'sink').map((step) => union.rootOf(step)))
  const first = new Map<string, Step>()
  for (const step of steps) {
    for (const share of sharesOf(step, sinks.has(union.rootOf(step)))) {
      const other = first.get(share)
      if (other === undefined) first.set(share, step)
      else union.join(step, other)
    }
  }
}

function sharesOf(step: Step, isSink: boolean): string[] {
  if (step.kind === 'source') return [`${isSink ? 'sink' : 'task'} ${step.use} ${step.topic.name}`]
  return step.kind === 'operator' ? step.stores.map(({ name }) => `store ${name}`) : []
}

class Union {
  private readonly parents = new Map<Step, Step>()

  /** The first declared step of the component. */
  rootOf(step: Step): Step {
    let root = step
    for (let parent = this.parents.get(root); parent !== undefined; parent = this.parents.get(root)) root = parent
    return root
  }

  join(one: Step, other: Step): void {
    const [a, b] = [this.rootOf(one), this.rootOf(other)]
    if (a === b) return
    if (a.index < b.index) this.parents.set(b, a)
    else this.parents.set(a, b)
  }
}
