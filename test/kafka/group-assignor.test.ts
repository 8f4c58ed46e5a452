import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TopicPartition } from '../../core/topic-partition.ts'
import { assignPartitions, type CopartitionedTopics, type Subscriber } from '../../kafka/group-assignor.ts'

const subscriber = (
  name: string,
  copartitioned: readonly CopartitionedTopics[],
  held: readonly TopicPartition[] = [],
  generation = 1,
): Subscriber => ({ memberId: name, name, subscription: { copartitioned, held, generation } })

const heldOf = (assignment: Map<string, readonly TopicPartition[]>, name: string) => assignment.get(name) ?? []

describe('the assignor', () => {
  const sets = [
    { topics: ['raw'], partitions: 4 },
    { topics: ['left', 'right'], partitions: 3 },
  ]

  test('gives partition i of topics that are read together to one member, and every partition to exactly one', () => {
    const property = fc.property(fc.integer({ min: 1, max: 9 }), fc.nat(20), fc.nat(20), (members, a, b) => {
      const some = [
        { topics: ['raw'], partitions: a },
        { topics: ['left', 'right'], partitions: b },
      ]
      const names = Array.from({ length: members }, (_, i) => `m${i}`)
      const assignment = assignPartitions(names.map((name) => subscriber(name, some)))
      const all = [...assignment.values()].flat().map(({ topic, partition }) => `${topic}-${partition}`)
      expect(all).toHaveLength(a + 2 * b)
      expect(new Set(all).size).toBe(all.length)
      for (const given of assignment.values()) {
        const of = (topic: string) => given.filter((place) => place.topic === topic).map(({ partition }) => partition)
        expect(of('left')).toEqual(of('right'))
        expect(Math.abs(of('raw').length - a / members)).toBeLessThan(1)
        expect(Math.abs(of('left').length - b / members)).toBeLessThan(1)
      }
    })
    fc.assert(property)
  })

  test('moves nothing when nothing changed', () => {
    const first = assignPartitions(['a', 'b', 'c'].map((name) => subscriber(name, sets)))
    const second = assignPartitions(['c', 'a', 'b'].map((name) => subscriber(name, sets, heldOf(first, name))))
    for (const name of ['a', 'b', 'c']) expect(new Set(second.get(name))).toEqual(new Set(first.get(name)))
  })

  test('takes from the others only what a new member needs', () => {
    const first = assignPartitions(['a', 'b'].map((name) => subscriber(name, sets)))
    const second = assignPartitions([
      ...['a', 'b'].map((name) => subscriber(name, sets, heldOf(first, name))),
      subscriber('new', sets),
    ])
    for (const name of ['a', 'b']) {
      for (const place of heldOf(second, name)) expect(first.get(name)).toContainEqual(place)
    }
  })

  test('believes the newer of two claims', () => {
    const one = [{ topics: ['raw'], partitions: 2 }]
    const both = [0, 1].map((partition) => ({ topic: 'raw', partition }))
    const assignment = assignPartitions([
      subscriber('a', one, both, 3),
      subscriber('b', one, [{ topic: 'raw', partition: 0 }], 5),
    ])
    expect(assignment.get('b')).toEqual([{ topic: 'raw', partition: 0 }])
  })
})
