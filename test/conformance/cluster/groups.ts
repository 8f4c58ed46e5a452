// Conformance: the requests of group membership and their effect on transactional offsets.
import { randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { ProducerFenced, Retriable } from '../../../core/errors.ts'
import type { JoinAnswer, JoinRequest, MemberIdentity } from '../../../kafka/cluster.ts'
import type { Trial } from './trial.ts'

export function groupConformance(trial: () => Trial): void {
  describe('groups', () => {
    test('a first member leads, assigns and is confirmed', async () => {
      const member = await new GroupTrial(trial()).joinAndSync({ assignment: 'all' })
      expect(member.answer.leader).toBe(member.answer.memberId)
      expect(member.answer.members.map(({ metadata }) => metadata.toString())).toEqual(['metadata'])
      expect(member.assignment).toBe('all')
      expect(await trial().cluster.groups.heartbeat(member.identity)).toBe('ok')
    })

    test('a second member makes the first join again, and both form the next generation', async () => {
      const group = new GroupTrial(trial())
      const first = await group.joinAndSync({ assignment: 'all' })
      const joining = group.join()
      await group.untilRebalance(first.identity)
      const [leader, follower] = await Promise.all([group.join({ memberId: first.answer.memberId }), joining])
      expect(leader.generation).toBe(first.answer.generation + 1)
      expect(follower.generation).toBe(leader.generation)
      expect(leader.members.map(({ memberId }) => memberId).toSorted()).toEqual(
        [leader.memberId, follower.memberId].toSorted(),
      )
      const assignments = leader.members.map(({ memberId }) => ({
        memberId,
        assignment: Buffer.from(`for ${memberId}`),
      }))
      const got = await Promise.all([group.sync(follower), group.sync(leader, assignments)])
      expect(got).toEqual([`for ${follower.memberId}`, `for ${leader.memberId}`])
    })

    test('an old generation may neither sync nor commit positions', async () => {
      await trial().createTopic()
      const { topic } = trial()
      const group = new GroupTrial(trial())
      const { identity } = await group.joinAndSync({ assignment: 'all' })
      const stale = { ...identity, generation: identity.generation - 1 }
      await expect(trial().cluster.groups.sync({ ...stale, assignments: [] })).rejects.toThrow(Retriable)
      const producer = await trial().producer()
      await expect(producer.sendOffsets(stale, [{ topic, partition: 0, offset: 1 }])).rejects.toThrow(ProducerFenced)
      const fresh = await trial().producer()
      await fresh.sendOffsets(identity, [{ topic, partition: 0, offset: 1 }])
      await fresh.commit()
      expect(await trial().cluster.admin.committed(group.name, [{ topic, partition: 0 }])).toEqual([1])
    })

    test('a member may set positions without a transaction', async () => {
      await trial().createTopic()
      const { topic, cluster } = trial()
      const group = new GroupTrial(trial())
      await group.joinAndSync({ assignment: 'all' })
      await cluster.admin.commitOffsets(group.name, [{ topic, partition: 0, offset: 4 }])
      expect(await cluster.admin.committed(group.name, [{ topic, partition: 0 }])).toEqual([4])
    })

    test('a static instance that comes again takes the place of its predecessor, which is fenced', async () => {
      const group = new GroupTrial(trial())
      const first = await group.joinAndSync({ assignment: 'all', instanceId: 'worker-1' })
      const second = await group.joinAndSync({ assignment: 'all', instanceId: 'worker-1' })
      expect(second.answer.memberId).not.toBe(first.answer.memberId)
      expect(await trial().cluster.groups.heartbeat(first.identity)).toBe('fenced_instance')
      expect(await trial().cluster.groups.heartbeat(second.identity)).toBe('ok')
    })

    test('a member that left is unknown', async () => {
      const group = new GroupTrial(trial())
      const { identity } = await group.joinAndSync({ assignment: 'all' })
      await trial().cluster.groups.leave(identity)
      expect(await trial().cluster.groups.heartbeat(identity)).toBe('unknown_member')
    })
  })
}

class GroupTrial {
  readonly name = `group-${randomUUID()}`
  private readonly trial: Trial

  constructor(trial: Trial) {
    this.trial = trial
  }

  join(who: Partial<JoinRequest> = {}): Promise<JoinAnswer> {
    return this.trial.cluster.groups.join({
      group: this.name,
      memberId: '',
      sessionTimeoutMs: 10_000,
      rebalanceTimeoutMs: 10_000,
      protocol: 'trial',
      metadata: Buffer.from('metadata'),
      ...who,
    })
  }

  async sync(answer: JoinAnswer, assignments: { memberId: string; assignment: Buffer }[] = [], instanceId?: string) {
    const identity = this.identity(answer, instanceId)
    return (await this.trial.cluster.groups.sync({ ...identity, assignments })).toString()
  }

  async joinAndSync({ assignment, instanceId }: { assignment: string; instanceId?: string }) {
    const answer = await this.join(instanceId === undefined ? {} : { instanceId })
    const all = [{ memberId: answer.memberId, assignment: Buffer.from(assignment) }]
    return { answer, assignment: await this.sync(answer, all, instanceId), identity: this.identity(answer, instanceId) }
  }

  async untilRebalance(member: MemberIdentity): Promise<void> {
    while ((await this.trial.cluster.groups.heartbeat(member)) !== 'rebalance') {}
  }

  private identity({ generation, memberId }: JoinAnswer, instanceId?: string): MemberIdentity {
    const identity = { group: this.name, generation, memberId }
    return instanceId === undefined ? identity : { ...identity, instanceId }
  }
}
