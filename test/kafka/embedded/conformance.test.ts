import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import { openEmbeddedCluster } from '../../../kafka/embedded/embedded-cluster.ts'
import { clusterConformance } from '../../conformance/cluster.ts'

clusterConformance('the embedded cluster in memory', async () => {
  const cluster = await openEmbeddedCluster({ clock: systemClock, random: seededRandom(1) })
  return { cluster, close: () => cluster.close(), compact: () => cluster.maintain() }
})

clusterConformance('the embedded cluster on disk', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-cluster-'))
  const cluster = await openEmbeddedCluster({ directory, clock: systemClock, random: seededRandom(1) })
  const close = async () => {
    await cluster.close()
    rmSync(directory, { recursive: true })
  }
  return { cluster, close, compact: () => cluster.maintain() }
})
