// What `--json` prints at the end of a run, as a script reads it.
import type { Summary } from '../../cli/summary.ts'

export type RunSummary = Summary

export function summaryIn(stdout: string): RunSummary {
  return JSON.parse(stdout)
}

/** Every record read is exactly one of these. */
export function accountedFor({ invalid, duplicate, stale, conflict, accepted }: RunSummary): number {
  return invalid + duplicate + stale + conflict + accepted
}
