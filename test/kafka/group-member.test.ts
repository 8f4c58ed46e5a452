import { describe, expect, test } from 'vitest'
import { ManualClock } from '../../core/clock.ts'
import { seconds } from '../../core/duration.ts'
import { seededRandom } from '../../core/random.ts'
import { type EmbeddedCluster, openEmbeddedCluster } from '../../kafka/embedded/embedded-cluster.ts'
import { type Assignment, GroupMember } from '../../kafka/group-member.ts'

const raw = { topics: ['raw'], partitions: 4 }

/** A cluster, its clock and members that log what they are assigned. */
class GroupScene {
  readonly log: string[] = []
  private readonly clock: ManualClock
  private readonly cluster: EmbeddedCluster

  constructor(clock: ManualClock, cluster: EmbeddedCluster) {
    this.clock = clock
    this.cluster = cluster
  }

  static async open(): Promise<GroupScene> {
    const clock = new ManualClock(1_000_000)
    return new GroupScene(clock, await openEmbeddedCluster({ clock, random: seededRandom(7) }))
  }

  member(name: string, isStatic = false): GroupMember {
    const member = new GroupMember({
      cluster: this.cluster,
      group: 'g',
      ...(isStatic ? { instanceId: name } : {}),
      clock: this.clock,
      sessionTimeoutMs: seconds(10),
      rebalanceTimeoutMs: seconds(20),
      heartbeatIntervalMs: seconds(3),
      copartitioned: [raw],
      onChange: (assignment) => this.log.push(`${name}: ${partitionsOf(assignment)}`),
      onFailure: ({ code }) => this.log.push(`${name}: ${code}`),
    })
    member.start()
    return member
  }

  /** Lets time pass second by second, and everybody act in between. */
  async pass(ms: number): Promise<void> {
    for (let passed = 0; passed <= ms; passed += 1000) {
      await settle()
      this.clock.advance(1000)
    }
    await settle()
  }
}

const partitionsOf = (assignment: Assignment | undefined) =>
  (assignment?.partitions ?? [])
    .map(({ partition }) => partition)
    .sort()
    .join(' ')

/** Every promise that can go on without time passing has done so. */
async function settle(): Promise<void> {
  for (let i = 0; i < 50; i++) await Promise.resolve()
}

describe('a group member', () => {
  test('alone is assigned everything, and is confirmed', async () => {
    const scene = await GroupScene.open()
    const member = scene.member('a')
    await scene.pass(0)
    expect(scene.log).toEqual(['a: 0 1 2 3'])
    expect(member.generation).toBe(1)
    expect(await member.confirmed()).toBe(true)
    await member.leave()
  })

  test('shares with a second one, keeping what it may keep', async () => {
    const scene = await GroupScene.open()
    const first = scene.member('a')
    await scene.pass(0)
    const second = scene.member('b')
    await scene.pass(seconds(5))
    expect(partitionsOf(first.assignment)).toBe('0 1')
    expect(partitionsOf(second.assignment)).toBe('2 3')
    expect([await first.confirmed(), await second.confirmed()]).toEqual([true, true])
    await first.leave()
    await second.leave()
  })

  test('knows what another living member hands over to it, and what nobody does', async () => {
    const scene = await GroupScene.open()
    const handedOver = (member: GroupMember) =>
      [0, 1, 2, 3].filter((partition) => member.isHandedOver({ topic: 'raw', partition }))
    const first = scene.member('a')
    await scene.pass(0)
    expect(handedOver(first)).toEqual([])
    const second = scene.member('b')
    await scene.pass(seconds(5))
    expect([handedOver(first), handedOver(second)]).toEqual([[], [2, 3]])
    await first.leave()
    await scene.pass(seconds(5))
    expect(partitionsOf(second.assignment)).toBe('0 1 2 3')
    expect(handedOver(second)).toEqual([])
    await second.leave()
  })

  test('takes over what an orderly leaver held', async () => {
    const scene = await GroupScene.open()
    const first = scene.member('a')
    await scene.pass(0)
    const second = scene.member('b')
    await scene.pass(seconds(5))
    await first.leave()
    await scene.pass(seconds(5))
    expect(partitionsOf(second.assignment)).toBe('0 1 2 3')
    await second.leave()
  })

  test('takes over what a dead member held when its session is over', async () => {
    const scene = await GroupScene.open()
    const first = scene.member('a')
    await scene.pass(0)
    const second = scene.member('b')
    await scene.pass(seconds(5))
    first.stop()
    await scene.pass(seconds(6))
    expect(partitionsOf(second.assignment)).toBe('2 3')
    await scene.pass(seconds(10))
    expect(partitionsOf(second.assignment)).toBe('0 1 2 3')
    await second.leave()
  })

  test('of a static instance gets its partitions back after a restart, and the old process is told', async () => {
    const scene = await GroupScene.open()
    const old = scene.member('worker-1', true)
    await scene.pass(0)
    const other = scene.member('worker-2', true)
    await scene.pass(seconds(5))
    const before = partitionsOf(old.assignment)
    const restarted = scene.member('worker-1', true)
    await scene.pass(seconds(6))
    expect(partitionsOf(restarted.assignment)).toBe(before)
    expect(old.failure?.code).toBe('fenced_instance')
    expect(await old.confirmed()).toBe(false)
    await restarted.leave()
    await other.leave()
  })
})
