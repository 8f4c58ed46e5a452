// Windows over plain streams as tables: each line is a record or a commit, and what came out.
import { expect, test } from 'vitest'
import { t } from '../../../serdes/schema.ts'
import { windowed, windowResult } from '../../../serdes/windowed.ts'
import { sessionStore, windowStore } from '../../../state/store-definitions.ts'
import { StreamsBuilder } from '../../../topology/streams-builder.ts'
import { topic } from '../../../topology/topic.ts'
import { hopping, type SessionWindows, session, type TimeWindows, tumbling } from '../../../topology/windows.ts'
import { TopologyRig } from '../../topology/topology-rig.ts'

const input = topic('input', { key: t.string, value: t.int })
const output = topic('output', { key: windowed(t.string), value: windowResult(t.int) })

function sumsOf(windows: TimeWindows | SessionWindows) {
  const streams = new StreamsBuilder('app')
  const steps = { initial: 0, add: (sum: number, value: number) => sum + value, merge: (a: number, b: number) => a + b }
  const grouped = streams.stream(input).groupByKey()
  const table =
    windows.kind === 'session'
      ? grouped.windowedBy(windows).aggregate(sessionStore('sums', { key: t.string, value: t.int }), steps)
      : grouped.windowedBy(windows).aggregate(windowStore('sums', { key: t.string, value: t.int }), steps)
  table.toStream().to(output)
  return streams.build()
}

/** `at value [clock]` is a record of key k, `commit [watermark]` a commit, `restart` a restart; gives what came out of each commit. */
async function run(windows: TimeWindows | SessionWindows, ...lines: readonly string[]): Promise<string[]> {
  const rig = await TopologyRig.open(sumsOf(windows))
  const out: string[] = []
  for (const line of lines) {
    const [first = '', second, third] = line.split(' ')
    if (first === 'restart') await rig.restart()
    else if (first !== 'commit')
      await rig.pipe('input', {
        key: 'k',
        value: Number(second),
        at: Number(first),
        ...(third === undefined ? {} : { clock: Number(third) }),
      })
    else {
      await rig.commit(second === undefined ? undefined : Number(second))
      out.push(rig.take('output').map(shown).join(' | '))
    }
  }
  const told = [
    ...Object.entries(rig.counts).map(([name, count]) => `${name} ${count}`),
    ...rig.deadLetters.map(({ reason }) => reason),
  ]
  return told.length === 0 ? out : [...out, told.join(', ')]
}

function shown({ key, value, timestamp }: { key: unknown; value: unknown; timestamp: number }): string {
  const { start } = key as { start: number }
  const result = value as { value: number; status: string; revision: number } | undefined
  return result === undefined
    ? `${start}: –`
    : `${start}: ${result.value} ${result.status} ${result.revision} @${timestamp}`
}

test('tumbling windows: provisional at each commit, final once', async () => {
  expect(
    await run(tumbling({ size: 10, grace: 5 }), '1 1', '12 2', 'commit', '3 4', 'commit 14', 'commit 15', 'commit 99'),
  ).toEqual([
    '0: 1 provisional 0 @1 | 10: 2 provisional 0 @12',
    '0: 5 provisional 1 @3',
    '0: 5 final 2 @15',
    '10: 2 final 1 @25',
  ])
})

test('with emit final nothing comes before a window is closed', async () => {
  expect(await run(tumbling({ size: 10, grace: 5, emit: 'final' }), '1 1', 'commit 14', '9 1 14', 'commit 15')).toEqual(
    ['', '0: 2 final 0 @15'],
  )
})

test('hopping windows overlap', async () => {
  expect(await run(hopping({ size: 10, advance: 5, grace: 0 }), '7 1', 'commit')).toEqual([
    '5: 1 provisional 0 @7 | 0: 1 provisional 0 @7',
  ])
})

test('late depends on the clock that the record carries, not on the watermark', async () => {
  expect(await run(tumbling({ size: 10, grace: 5 }), '1 1 1', '2 2 14', '3 4 15', 'commit')).toEqual([
    '0: 3 provisional 0 @2',
    'aggregate-sums late 1',
  ])
})

test('late input can be a dead letter', async () => {
  expect(await run(tumbling({ size: 10, grace: 5, late: 'deadLetter' }), '3 4 15', 'commit')).toEqual(['', 'late'])
})

test('late input can correct, for as long as was said', async () => {
  const windows = tumbling({ size: 10, grace: 5, correctFor: 100 })
  expect(await run(windows, '1 1', 'commit 15', '3 4 50', 'commit', '3 4 115', 'commit')).toEqual([
    '0: 1 final 0 @15',
    '0: 5 corrected 1 @3',
    '',
    'expired',
  ])
})

test('a record of an input that was idle corrects a closed window, and opens none anew', async () => {
  expect(await run(tumbling({ size: 10, grace: 5 }), '1 1', 'commit 40', '3 4 3', '22 1 22', 'commit')).toEqual([
    '0: 1 final 0 @15',
    '0: 5 corrected 1 @3',
    'after_idle',
  ])
})

test('open windows are found again after a restart', async () => {
  expect(await run(tumbling({ size: 10, grace: 0 }), '1 1', 'commit', 'restart', 'commit 10')).toEqual([
    '0: 1 provisional 0 @1',
    '0: 1 final 1 @10',
  ])
})

test('sessions grow, and close two gaps and the grace after their last record', async () => {
  expect(await run(session({ gap: 5, grace: 3 }), '1 1', '4 2', 'commit', '9 4', 'commit 21', 'commit 22')).toEqual([
    '1: 3 provisional 0 @4',
    '1: 7 provisional 1 @9',
    '1: 7 final 2 @22',
  ])
})

test('a record that bridges two sessions merges them; what had been sent of the later one is taken back', async () => {
  expect(await run(session({ gap: 5, grace: 9 }), '1 1', '10 2', 'commit', '6 4', 'commit')).toEqual([
    '1: 1 provisional 0 @1 | 10: 2 provisional 0 @10',
    '10: – | 1: 7 provisional 1 @10',
  ])
})

test('a session that begins earlier than was known takes back what was sent under its old start', async () => {
  expect(await run(session({ gap: 5, grace: 9 }), '8 1', 'commit', '5 2', 'commit')).toEqual([
    '8: 1 provisional 0 @8',
    '8: – | 5: 3 provisional 0 @8',
  ])
})

test('a session record is late when its clock is past its time by gap and grace', async () => {
  expect(await run(session({ gap: 5, grace: 3 }), '1 1 8', '2 1 10', 'commit')).toEqual([
    '1: 1 provisional 0 @1',
    'aggregate-sums late 1',
  ])
})

test('open sessions are found again after a restart', async () => {
  expect(await run(session({ gap: 5, grace: 0 }), '1 1', 'commit', 'restart', 'commit 11')).toEqual([
    '1: 1 provisional 0 @1',
    '1: 1 final 1 @11',
  ])
})
