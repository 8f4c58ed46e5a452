import { describe } from 'vitest'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import { version1 } from '../../../kafka/remote/transaction-version.ts'
import { clusterConformance } from '../../conformance/cluster.ts'
import { useKafka } from '../../services/kafka.ts'
import { remoteOptions } from './remote-options.ts'

describe('on one broker', () => {
  const kafka = useKafka()

  clusterConformance('the remote cluster', async () => {
    const cluster = await openRemoteCluster(remoteOptions(kafka()))
    return { cluster, close: () => cluster.close() }
  })

  clusterConformance('the remote cluster with transactions of version 1', async () => {
    const options = { ...remoteOptions(kafka()), transactionVersion: version1 }
    const cluster = await openRemoteCluster(options)
    return { cluster, close: () => cluster.close() }
  })
})
