import { afterAll, describe, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import type { Cluster } from '../../../kafka/cluster.ts'
import { GroupMember } from '../../../kafka/group-member.ts'
import { openRemoteCluster } from '../../../kafka/remote/remote-cluster.ts'
import { eventually } from '../../conformance/cluster/trial.ts'
import { useKafka } from '../../services/kafka.ts'
import { remoteOptions } from './remote-options.ts'

const kafka = useKafka()

describe('members of a group on a real broker', () => {
  let clusters: Cluster[] = []
  afterAll(async () => {
    for (const cluster of clusters) await cluster.close()
  })

  /** Each in a cluster of its own, as in a process of its own. */
  async function member(group: string, instanceId?: string): Promise<GroupMember> {
    const cluster = await openRemoteCluster(remoteOptions(kafka()))
    clusters = [...clusters, cluster]
    const started = new GroupMember({
      cluster,
      group,
      ...(instanceId === undefined ? {} : { instanceId }),
      clock: systemClock,
      sessionTimeoutMs: 6_000,
      rebalanceTimeoutMs: 6_000,
      heartbeatIntervalMs: 50,
      copartitioned: [{ topics: ['raw'], partitions: 4 }],
    })
    started.start()
    return started
  }

  const heldBy = (one: GroupMember) => (one.assignment?.partitions ?? []).map(({ partition }) => partition).toSorted()
  const holds = (one: GroupMember, partitions: number[]) =>
    eventually(async () => JSON.stringify(heldBy(one)) === JSON.stringify(partitions) && (await one.confirmed()))

  test('share with those who come, and take over from those who leave', async () => {
    const first = await member('sharing')
    await holds(first, [0, 1, 2, 3])
    const second = await member('sharing')
    await holds(first, [0, 1])
    await holds(second, [2, 3])
    await first.leave()
    await holds(second, [0, 1, 2, 3])
    await second.leave()
  })

  test('take over from one that is silent for too long', async () => {
    const first = await member('silence')
    await holds(first, [0, 1, 2, 3])
    const second = await member('silence')
    await holds(second, [2, 3])
    first.stop()
    await holds(second, [0, 1, 2, 3])
    await second.leave()
  }, 30_000)

  test('of a static instance get back what they had after a restart, and the old process is told', async () => {
    const old = await member('static', 'worker-1')
    await holds(old, [0, 1, 2, 3])
    const other = await member('static', 'worker-2')
    await holds(other, [2, 3])
    await holds(old, [0, 1])
    const restarted = await member('static', 'worker-1')
    await holds(restarted, [0, 1])
    await holds(other, [2, 3])
    await eventually(async () => old.failure?.code === 'fenced_instance')
    await restarted.leave()
    await other.leave()
  })
})
