// What a run did, as one object: `--json` prints it, people get it as a sentence. Counts are over the data's whole life, so that a run that was
// killed and resumed says the same as one that was not.
import type { ApplicationSnapshot, NodeSnapshot } from '../runtime/snapshot.ts'
import type { CompiledTopology, Subtopology } from '../topology/graph.ts'
import { recordsRead } from './run-figures.ts'

export type Ending = 'done' | 'stopped' | 'failed'

export interface Summary {
  readonly app: string
  /** `done`: the input ended and all of it is in the tables. `stopped`: somebody asked for the end. */
  readonly ending: Ending
  readonly input: string
  /** Records that this run wrote to the log. */
  readonly written: number
  /** From the source topics: `read = invalid + duplicate + stale + conflict + accepted`. */
  readonly read: number
  /** Dead letters of what was read, whatever the reason. */
  readonly invalid: number
  /** By reason. */
  readonly invalidByReason: Readonly<Record<string, number>>
  readonly duplicate: number
  readonly stale: number
  /** Accepted, though of equal version and other content. */
  readonly conflict: number
  readonly accepted: number
  /** Keys in the tables. */
  readonly cases: number
  /** Windows that hold something. */
  readonly windows: number
  readonly commits: number
  readonly seconds: number
  readonly topologyHash: string
}

const DEAD_LETTER = 'dead_letter:'

export function summaryOf(
  snapshot: ApplicationSnapshot,
  topology: CompiledTopology,
  run: Pick<Summary, 'ending' | 'input' | 'written'> & { readonly elapsedMs: number },
): Summary {
  const { ending, input, written, elapsedMs } = run
  const outcomes = outcomesOf(nodesAtTheSource(snapshot, topology))
  const count = (outcome: string) => outcomes.get(outcome) ?? 0
  const invalid = [...outcomes].filter(([outcome]) => outcome.startsWith(DEAD_LETTER))
  return {
    app: snapshot.app,
    ending,
    input,
    written,
    read: recordsRead(snapshot, topology),
    invalid: invalid.reduce((sum, [, letters]) => sum + letters, 0),
    invalidByReason: Object.fromEntries(
      invalid.map(([outcome, letters]) => [outcome.slice(DEAD_LETTER.length), letters]),
    ),
    duplicate: count('duplicate'),
    stale: count('stale'),
    conflict: count('conflict'),
    accepted: count('accepted'),
    cases: entriesIn(snapshot, topology, 'key-value store'),
    windows: entriesIn(snapshot, topology, 'window store'),
    commits: snapshot.commits,
    seconds: Math.round(elapsedMs) / 1000,
    topologyHash: snapshot.topologyHash,
  }
}

export function summarySentence({ ending, written, seconds, read, ...counts }: Summary): string {
  const number = (value: number) => value.toLocaleString('en-US')
  const rate = seconds === 0 ? 0 : Math.round(written / seconds)
  const parts = (['accepted', 'conflict', 'duplicate', 'stale', 'invalid'] as const).map(
    (outcome) => `${number(counts[outcome])} ${outcome}`,
  )
  const life = `${number(read)} read in all: ${parts.join(', ')}; ${number(counts.cases)} cases, ${number(counts.windows)} windows`
  return `${ending}: ${number(written)} records written in ${seconds.toFixed(1)} s (${number(rate)}/s); ${life}`
}

/** Nodes of the sub-topologies that read from outside: what happens behind them happens to results, not to records read. */
function nodesAtTheSource({ nodes }: ApplicationSnapshot, { subtopologies }: CompiledTopology): NodeSnapshot[] {
  const readsSource = ({ sources }: Subtopology) => sources.some(({ topic }) => topic.role === 'source')
  const ids = new Set(subtopologies.filter(readsSource).map(({ id }) => id))
  return nodes.filter(({ subtopology }) => ids.has(subtopology))
}

function outcomesOf(nodes: readonly NodeSnapshot[]): Map<string, number> {
  const sums = new Map<string, number>()
  for (const { outcomes } of nodes)
    for (const [outcome, count] of Object.entries(outcomes)) sums.set(outcome, (sums.get(outcome) ?? 0) + count)
  return sums
}

function entriesIn({ tasks }: ApplicationSnapshot, { subtopologies }: CompiledTopology, kind: string): number {
  const stores = subtopologies.flatMap((subtopology) => subtopology.stores)
  const names = new Set(stores.filter((store) => store.kind === kind).map(({ name }) => name))
  return tasks
    .flatMap((task) => task.stores)
    .filter(({ store }) => names.has(store))
    .reduce((sum, { entries }) => sum + entries, 0)
}
