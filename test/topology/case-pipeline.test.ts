import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hours } from '../../core/duration.ts'
import { type CaseId, caseId, caseTopology, neighborhood, RawCase } from './case-example.ts'
import { TopologyRig } from './topology-rig.ts'

const noon = Date.parse('2025-05-01T12:00Z')
const time = (minutes: number) => new Date(noon + minutes * 60_000).toISOString()

interface Version {
  readonly id: CaseId
  readonly opened: number
  readonly closed: number | undefined
  readonly updated: number
  readonly area: string
}

function rawCase({ id, opened, closed, updated, area }: Version) {
  const value = new RawCase({
    id,
    opened: time(opened),
    closed: closed === undefined ? undefined : time(closed),
    updated: time(updated),
    area,
  })
  return { key: id, value, at: noon + opened * 60_000 }
}

const request = (version: Partial<Version>): Version => ({
  id: caseId.of('1'),
  opened: 0,
  closed: undefined,
  updated: 0,
  area: 'Mission',
  ...version,
})

async function open() {
  return TopologyRig.open(caseTopology())
}

const volumes = (rig: TopologyRig) =>
  rig.take('city.volume').map(({ key, value }) => {
    const { key: area, start } = key as { key: string; start: number }
    const result = value as { value: { opened: number; closed: number }; status: string; revision: number } | undefined
    const hour = new Date(start).toISOString().slice(11, 16)
    return result === undefined
      ? `${area} ${hour} –`
      : `${area} ${hour} +${result.value.opened} -${result.value.closed} ${result.status} ${result.revision}`
  })

const enriched = (rig: TopologyRig) =>
  rig.take('city.enriched').map(({ key, value }) => {
    const { neighborhood, openedSoFar } = value as { neighborhood: string; openedSoFar: number | undefined }
    return `${key} ${neighborhood} ${openedSoFar}`
  })

test('a request is counted where and when it was opened and closed', async () => {
  const rig = await open()
  await rig.pipe('city.raw', rawCase(request({ closed: 70, updated: 70 })))
  await rig.commit()
  expect(volumes(rig)).toEqual(['Mission 12:00 +1 -0 provisional 0', 'Mission 13:00 +0 -1 provisional 0'])
  expect(enriched(rig)).toEqual(['1 Mission 1'])
})

test('a request that moves is taken back where it was; a count back at nothing is a delete', async () => {
  const rig = await open()
  await rig.pipe('city.raw', rawCase(request({})))
  await rig.commit()
  await rig.pipe('city.raw', rawCase(request({ updated: 1, area: 'Sunset' })))
  await rig.commit()
  expect(volumes(rig)).toEqual([
    'Mission 12:00 +1 -0 provisional 0',
    'Sunset 12:00 +1 -0 provisional 0',
    'Mission 12:00 –',
  ])
  expect(enriched(rig)).toEqual(['1 Mission 1', '1 Sunset 1'])
})

test('results are coalesced: one a window and commit, with the highest time and clock of its inputs', async () => {
  const rig = await open()
  const three = [1, 2, 3].map((n) => rawCase(request({ id: caseId.of(String(n)), opened: n, updated: n })))
  await rig.pipe('city.raw', ...three)
  await rig.commit()
  expect(rig.take('city.volume')).toMatchObject([
    { timestamp: noon + 3 * 60_000, clock: noon + 3 * 60_000, value: { value: { opened: 3 } } },
  ])
  expect(enriched(rig)).toEqual(['1 Mission 1', '2 Mission 2', '3 Mission 3'])
})

test('a version that changes nothing countable still comes out enriched, once', async () => {
  const rig = await open()
  await rig.pipe('city.raw', rawCase(request({})), rawCase(request({ updated: 5 })), rawCase(request({ updated: 5 })))
  await rig.commit()
  expect(enriched(rig)).toEqual(['1 Mission 1', '1 Mission 1'])
  expect(volumes(rig)).toEqual(['Mission 12:00 +1 -0 provisional 0'])
  expect(rig.counts).toMatchObject({ 'toTable-cases accepted': 2, 'toTable-cases duplicate': 1 })
})

test('a window becomes final when the watermark is past its end and grace, then is corrected', async () => {
  const rig = await open()
  await rig.pipe('city.raw', rawCase(request({})))
  await rig.commit(noon + hours(49) - 1)
  expect(volumes(rig)).toEqual(['Mission 12:00 +1 -0 provisional 0'])
  await rig.commit(noon + hours(49))
  const [final] = rig.take('city.volume')
  expect(final).toMatchObject({
    timestamp: noon + hours(49),
    clock: noon + hours(49),
    value: { status: 'final', revision: 1 },
  })
  await rig.pipe('city.raw', { ...rawCase(request({ id: caseId.of('2') })), clock: noon + hours(50) })
  await rig.commit()
  expect(volumes(rig)).toEqual(['Mission 12:00 +2 -0 corrected 2'])
})

test('windows that were open before a restart are closed after it', async () => {
  const rig = await open()
  await rig.pipe('city.raw', rawCase(request({})))
  await rig.commit()
  rig.take('city.volume')
  await rig.restart()
  await rig.commit(noon + hours(49))
  expect(volumes(rig)).toEqual(['Mission 12:00 +1 -0 final 1'])
})

test('a version that would change a window no longer corrected is refused as a whole', async () => {
  const rig = await TopologyRig.open(caseTopology({ correctFor: hours(100) }))
  await rig.pipe('city.raw', rawCase(request({})))
  await rig.pipe('city.raw', { ...rawCase(request({ updated: 9, area: 'Sunset' })), clock: noon + hours(149) })
  await rig.commit()
  expect(volumes(rig)).toEqual(['Mission 12:00 +1 -0 provisional 0'])
  expect(rig.deadLetters.map(({ node, reason }) => `${node} ${reason}`)).toEqual(['toTable-cases expired'])
  await rig.pipe('city.raw', { ...rawCase(request({ id: caseId.of('2') })), clock: noon + hours(149) - 1 })
  await rig.commit()
  expect(volumes(rig)).toEqual(['Mission 12:00 +2 -0 provisional 1'])
})

test('what cannot be parsed is a dead letter with its reason', async () => {
  const rig = await open()
  const { value, ...rest } = rawCase(request({}))
  await rig.pipe('city.raw', { ...rest, value: new RawCase({ ...value, opened: 'yesterday' }) })
  expect(rig.deadLetters).toEqual([{ node: 'validate-city.raw', reason: 'opened', message: "'yesterday' is no date" }])
})

test('whatever the order, repetition and commits, the counts are those of the latest versions', async () => {
  const aVersion = fc.record({
    id: fc.integer({ min: 1, max: 5 }).map((n) => caseId.of(String(n))),
    opened: fc.integer({ min: 0, max: 300 }),
    closed: fc.option(fc.integer({ min: 0, max: 600 }), { nil: undefined }),
    updated: fc.integer({ min: 0, max: 8 }),
    area: fc.constantFrom('Mission', 'Sunset', 'Marina'),
  })
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(aVersion, fc.boolean()), { maxLength: 40 }), async (versions) => {
      const rig = await open()
      const found = new Map<string, string>()
      const look = () => {
        for (const line of volumes(rig)) {
          const [area, hour, ...counts] = line.split(' ')
          if (counts.length === 1) found.delete(`${area} ${hour}`)
          else found.set(`${area} ${hour}`, counts.slice(0, 2).join(' '))
        }
      }
      for (const [version, commits] of versions) {
        await rig.pipe('city.raw', rawCase(version))
        if (commits) await rig.commit()
        look()
      }
      await rig.commit()
      look()
      expect(Object.fromEntries(found)).toEqual(
        Object.fromEntries(expectedCounts(versions.map(([version]) => version))),
      )
    }),
    { numRuns: 200 },
  )
})

/** Computed from the versions alone. */
function expectedCounts(versions: readonly Version[]): Map<string, string> {
  const latest = new Map<string, Version>()
  const seen = new Map<string, Set<string>>()
  for (const version of versions) {
    const before = latest.get(version.id)
    if (before !== undefined && version.updated < before.updated) continue
    const content = JSON.stringify(version)
    if (before === undefined || version.updated > before.updated) seen.set(version.id, new Set())
    const contents = seen.get(version.id) ?? new Set()
    if (contents.has(content)) continue
    contents.add(content)
    latest.set(version.id, version)
  }
  const counts = new Map<string, { opened: number; closed: number }>()
  const count = (area: string, minutes: number, what: 'opened' | 'closed') => {
    const hour = new Date(Math.floor((noon + minutes * 60_000) / hours(1)) * hours(1)).toISOString().slice(11, 16)
    const entry = counts.get(`${area} ${hour}`) ?? { opened: 0, closed: 0 }
    entry[what]++
    counts.set(`${area} ${hour}`, entry)
  }
  for (const { area, opened, closed } of latest.values()) {
    count(neighborhood.of(area), opened, 'opened')
    if (closed !== undefined) count(area, closed, 'closed')
  }
  return new Map([...counts].map(([key, { opened, closed }]) => [key, `+${opened} -${closed}`]))
}
