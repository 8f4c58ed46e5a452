// What a run did, as one object: `--json` prints it, people get it as a sentence.
import type { ApplicationSnapshot } from '../runtime/snapshot.ts'
import type { CompiledTopology } from '../topology/graph.ts'
import { recordsRead } from './run-figures.ts'

export type Ending = 'done' | 'stopped' | 'failed'

export interface Summary {
  readonly app: string
  /** `done`: the input ended and all of it is in the tables. `stopped`: somebody asked for the end. */
  readonly ending: Ending
  readonly input: string
  /** Records that this run wrote to the log. */
  readonly written: number
  /** Of the source topics, over the life of the data. */
  readonly read: number
  /** Records by what became of them, dead letters as `dead_letter:<reason>`; over the life of the data. */
  readonly outcomes: Readonly<Record<string, number>>
  readonly commits: number
  readonly elapsedMs: number
  readonly topologyHash: string
}

export function summaryOf(
  snapshot: ApplicationSnapshot,
  topology: CompiledTopology,
  run: Pick<Summary, 'ending' | 'input' | 'written' | 'elapsedMs'>,
): Summary {
  return {
    app: snapshot.app,
    ...run,
    read: recordsRead(snapshot, topology),
    outcomes: outcomesOf(snapshot),
    commits: snapshot.commits,
    topologyHash: snapshot.topologyHash,
  }
}

export function summarySentence({ ending, written, elapsedMs, read, outcomes }: Summary): string {
  const rate = elapsedMs === 0 ? 0 : Math.round((1000 * written) / elapsedMs)
  const parts = Object.entries(outcomes).map(([outcome, count]) => `${count.toLocaleString('en-US')} ${outcome}`)
  const all = parts.length === 0 ? '' : `: ${parts.join(', ')}`
  const seconds = (elapsedMs / 1000).toFixed(1)
  return `${ending}: ${written.toLocaleString('en-US')} records written in ${seconds} s (${rate.toLocaleString('en-US')}/s); ${read.toLocaleString('en-US')} read in all${all}`
}

function outcomesOf({ nodes }: ApplicationSnapshot): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const { outcomes } of nodes) {
    for (const [outcome, count] of Object.entries(outcomes)) sums[outcome] = (sums[outcome] ?? 0) + count
  }
  return sums
}
