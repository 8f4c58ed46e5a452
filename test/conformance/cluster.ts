// The conformance suite of the cluster port: every adapter runs it, the embedded cluster and real brokers alike.
import { afterAll, beforeEach, describe } from 'vitest'
import { groupConformance } from './cluster/groups.ts'
import { readingConformance } from './cluster/reading.ts'
import { topicConformance } from './cluster/topics.ts'
import { transactionConformance } from './cluster/transactions.ts'
import { type ClusterUnderTrial, Trial } from './cluster/trial.ts'

export type { ClusterUnderTrial } from './cluster/trial.ts'

/** One cluster serves all tests; each has a topic and groups of its own. */
export function clusterConformance(name: string, open: () => Promise<ClusterUnderTrial>): void {
  describe(`${name} keeps the contract of a cluster`, () => {
    let under: ClusterUnderTrial | undefined
    let trial: Trial
    // Not before the first test: a service that cannot be had has skipped them all by then.
    beforeEach(async () => {
      under ??= await open()
      trial = new Trial(under)
    })
    afterAll(async () => {
      await under?.close()
    })
    for (const part of [topicConformance, transactionConformance, readingConformance, groupConformance])
      part(() => trial)
  })
}
