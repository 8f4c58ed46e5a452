// What a look at a changelog tells of those who wrote it. A line is one record: offset, writer and incarnation, kind.
import { describe, expect, test } from 'vitest'
import { type LogEntry, WritersSeen } from '../../runtime/writers-seen.ts'

describe.each([
  ['a writer whose transaction may still be open', '5 a1 fence open', ['a']],
  ['a writer that commits', '5 a1 fence, 7 a1 marker', ['a']],
  ['a writer that has released the task is not', '5 a1 fence, 7 a1 marker, 8 a1 release', []],
  ['a release that is not decided settles nothing', '5 a1 fence, 7 a1 marker, 8 a1 release open', ['a']],
  ['a released writer that has come back', '5 a1 fence, 8 a1 release, 9 a1 fence', ['a']],
  ['those before an owner that has committed are not', '5 a1 fence, 6 b1 fence, 9 c1 fence, 11 c1 marker', ['c']],
  ['a fence alone makes no owner', '5 a1 fence, 9 c1 fence', ['a', 'c']],
  ['nor does a marker that is not decided', '5 a1 fence, 9 c1 fence, 11 c1 marker open', ['a', 'c']],
  ['nor one under another incarnation', '5 a1 fence, 9 c1 fence, 11 c2 marker', ['a', 'c']],
  ['nor one before the fence', '5 a1 fence, 9 c1 marker, 11 c1 fence', ['a', 'c']],
  ['whoever wrote behind the owner’s fence', '5 a1 fence, 9 c1 fence, 11 c1 marker, 12 a1 fence', ['a', 'c']],
  ['a writer whose fence was deleted is not', '5 a1 fence deleted, 9 c1 fence, 10 c1 marker', ['c']],
])('who may still commit: %s', (_, log, writers) => {
  test(log, () => {
    const seen = new WritersSeen('me')
    seen.see(entriesOf(log), undefined)
    expect(seen.unsettled().toSorted()).toEqual(writers)
  })
})

test('the writer that a backend remembers may still commit, unless an owner has come after it', () => {
  const owned = entriesOf('9 c1 fence, 11 c1 marker')
  const remembered = (before: number) => {
    const seen = new WritersSeen('me')
    seen.see(owned, { writer: { transactionalId: 'a', incarnation: 1 }, before })
    return seen.unsettled().toSorted()
  }
  expect([remembered(6), remembered(12)]).toEqual([['c'], ['a', 'c']])
})

function entriesOf(log: string): LogEntry[] {
  return log.split(', ').map((line) => {
    const [offset, writer = '', kind, state] = line.split(' ')
    return {
      offset: Number(offset),
      writer: { transactionalId: writer.slice(0, 1), incarnation: Number(writer.slice(1)) },
      kind: kind as LogEntry['kind'], // as written above
      decided: state !== 'open',
      deleted: state === 'deleted',
    }
  })
}
