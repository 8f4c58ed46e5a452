// The first application in small: what the tests of the DSL build, compile and describe.
import { hours } from '../../core/duration.ts'
import { type Rejected, reject } from '../../processors/validate.ts'
import { type Infer, t } from '../../serdes/schema.ts'
import { type Windowed, type WindowResult, windowed, windowResult } from '../../serdes/windowed.ts'
import { pg, pgTable } from '../../sinks/postgres/table.ts'
import { versionedStore, windowStore } from '../../state/store-definitions.ts'
import { StreamsBuilder } from '../../topology/streams-builder.ts'
import { deadLetterTopic, groupTopic, topic } from '../../topology/topic.ts'
import { tumbling } from '../../topology/windows.ts'

export const caseId = t.id('CaseId')
export const neighborhood = t.id('Neighborhood')
export type CaseId = Infer<typeof caseId>
export type Neighborhood = Infer<typeof neighborhood>

export class RawCase extends t.record('RawCase', {
  id: t.string,
  opened: t.string,
  closed: t.optional(t.string),
  updated: t.string,
  area: t.optional(t.string),
}) {}
export class Case extends t.record('Case', {
  id: caseId,
  openedAt: t.instant,
  closedAt: t.optional(t.instant),
  updatedAt: t.instant,
  rowVersion: t.string,
  givenArea: t.optional(neighborhood),
}) {}
export class LocatedCase extends t.extend('LocatedCase', Case, { neighborhood, localHour: t.int }) {}
export class CountedFacts extends t.record('CountedFacts', {
  neighborhood,
  openedAt: t.instant,
  closedAt: t.optional(t.instant),
}) {}
export class Volume extends t.record('Volume', { opened: t.int, closed: t.int }) {}
export class EnrichedCase extends t.extend('EnrichedCase', LocatedCase, { openedSoFar: t.optional(t.int) }) {}

const raw = topic('city.raw', { key: caseId, value: RawCase, timestamp: (value) => Date.parse(value.opened) })

export const topics = {
  raw,
  deadLetters: deadLetterTopic('city.dead-letters', raw),
  counts: groupTopic('counts-by-neighborhood', {
    key: neighborhood,
    entry: Volume,
    source: { key: caseId, value: LocatedCase },
  }),
  enriched: topic('city.enriched', { key: caseId, value: EnrichedCase, timestamp: (value) => value.openedAt }),
  volume: topic('city.volume', { key: windowed(neighborhood), value: windowResult(Volume) }),
}

export const stores = {
  cases: versionedStore('cases', { key: caseId, value: CountedFacts, version: t.tuple(t.instant, t.string) }),
  hourlyVolume: windowStore('hourly-volume', { key: neighborhood, value: Volume }),
}

export const tables = {
  cases: pgTable(
    'cases',
    {
      case_id: pg.text(caseId),
      opened_at: pg.timestamptz,
      closed_at: pg.nullable(pg.timestamptz),
      neighborhood: pg.text(neighborhood),
      opened_so_far: pg.nullable(pg.int4),
      updated_at: pg.timestamptz,
      row_version: pg.text(),
    },
    { key: ['case_id'], newest: ['updated_at', 'row_version'] },
  ),
  hourlyVolume: pgTable(
    'hourly_volume',
    {
      neighborhood: pg.text(neighborhood),
      hour: pg.timestamptz,
      opened: pg.int4,
      closed: pg.int4,
      status: pg.text(t.oneOf('provisional', 'final', 'corrected')),
      revision: pg.int4,
    },
    { key: ['neighborhood', 'hour'], newest: ['revision'] },
  ),
}

export const parseCase = (value: RawCase): Case | Rejected => {
  const openedAt = Date.parse(value.opened)
  if (Number.isNaN(openedAt)) return reject('opened', `'${value.opened}' is no date`)
  return new Case({
    id: caseId.of(value.id),
    openedAt,
    closedAt: value.closed === undefined ? undefined : Date.parse(value.closed),
    updatedAt: Date.parse(value.updated),
    rowVersion: '',
    givenArea: value.area === undefined ? undefined : neighborhood.of(value.area),
  })
}

export const locate = (value: Case) => ({ neighborhood: value.givenArea ?? neighborhood.of('?'), localHour: 0 })
export const caseVersion = (value: Case) => [value.updatedAt, value.rowVersion] as const
export const countedFacts = ({ neighborhood, openedAt, closedAt }: LocatedCase): CountedFacts => ({
  neighborhood,
  openedAt,
  closedAt,
})
export const countsOf = ({ neighborhood, openedAt, closedAt }: CountedFacts) => [
  { key: neighborhood, at: openedAt, value: { opened: 1, closed: 0 } },
  ...(closedAt === undefined ? [] : [{ key: neighborhood, at: closedAt, value: { opened: 0, closed: 1 } }]),
]
export const noVolume: Volume = { opened: 0, closed: 0 }
export const add = (total: Volume, one: Volume): Volume => ({
  opened: total.opened + one.opened,
  closed: total.closed + one.closed,
})
export const subtract = (total: Volume, one: Volume): Volume => ({
  opened: total.opened - one.opened,
  closed: total.closed - one.closed,
})
export const toCaseRow = (value: EnrichedCase) => ({
  case_id: value.id,
  opened_at: value.openedAt,
  closed_at: value.closedAt,
  neighborhood: value.neighborhood,
  opened_so_far: value.openedSoFar,
  updated_at: value.updatedAt,
  row_version: value.rowVersion,
})
export const toVolumeRow = ({ value, status, revision }: WindowResult<Volume>, window: Windowed<Neighborhood>) => ({
  neighborhood: window.key,
  hour: window.start,
  ...value,
  status,
  revision,
})

export function caseTopology(late: { readonly correctFor?: number } = {}) {
  const streams = new StreamsBuilder('city', { deadLetters: topics.deadLetters })
  const cases = streams
    .stream(topics.raw)
    .validate(parseCase, { invalid: topics.deadLetters })
    .enrich(LocatedCase, locate)
    .toTable(stores.cases, { version: caseVersion, keep: countedFacts })
  const volume = cases
    .groupBy(topics.counts, countsOf)
    .windowedBy(tumbling({ size: hours(1), grace: hours(48), ...late }))
    .aggregate(stores.hourlyVolume, { initial: noVolume, add, subtract })
  volume.joinInput(EnrichedCase, (result) => ({ openedSoFar: result?.opened })).to(topics.enriched)
  volume.toStream().to(topics.volume)
  streams.stream(topics.enriched).sink(tables.cases, toCaseRow)
  streams.stream(topics.volume).sink(tables.hourlyVolume, toVolumeRow)
  return streams.build()
}
