import { expect, test } from 'vitest'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import { Trial } from '../../conformance/cluster/trial.ts'
import { useKafka } from '../../services/kafka.ts'
import { remoteOptions } from './remote-options.ts'

const kafka = useKafka()

test('asks a leader again that does not know of the end of what it shall delete', async () => {
  const cluster = await openRemoteCluster({ ...remoteOptions(kafka()), patienceMs: 2_000 })
  const trial = new Trial({ cluster, close: async () => {} })
  await trial.createTopic()
  await trial.write(['a', 'b'])
  const deleted = cluster.admin.deleteRecords([{ topic: trial.topic, partition: 0, before: 5 }])
  await trial.write(['c', 'd'])
  await deleted
  expect((await trial.offsets()).earliest).toBe(5)
  const beyond = cluster.admin.deleteRecords([{ topic: trial.topic, partition: 0, before: 9 }])
  await expect(beyond).rejects.toMatchObject({ name: 'Retriable', code: 'offset_out_of_range' })
  await cluster.close()
})
