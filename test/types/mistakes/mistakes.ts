// Lines that must not compile, each behind a comment that names the mistake; `//ok` marks one that must. Read by mistakes.test.ts.
import {
  days,
  deadLetterTopic,
  groupTopic,
  hours,
  keyValueStore,
  pg,
  pgTable,
  session,
  sessionStore,
  StreamsBuilder,
  t,
  topic,
  tumbling,
  versionedStore,
  windowStore,
} from '../../../index.ts'
import {
  add,
  type Case,
  type CountedFacts,
  caseId,
  caseVersion,
  countedFacts,
  countsOf,
  EnrichedCase,
  LocatedCase,
  locate,
  neighborhood,
  noVolume,
  parseCase,
  type RawCase,
  stores,
  subtract,
  tables,
  toCaseRow,
  topics,
  Volume,
} from '../../topology/case-example.ts'

class Ward extends t.record('Ward', { ward: t.int }) {}
const streams = new StreamsBuilder('mistakes')
const raw = streams.stream(topics.raw)
const cases = raw.validate(parseCase, { invalid: topics.deadLetters })
const located = cases.enrich(LocatedCase, locate)
const table = located.toTable(stores.cases, { version: caseVersion, keep: countedFacts })
const hourly = tumbling({ size: hours(1), grace: hours(1), zone: 'UTC' })
const grouped = table.groupBy(topics.counts, countsOf).windowedBy(hourly)
const volume = grouped.aggregate(stores.hourlyVolume, { initial: noVolume, add, subtract })
const byNeighborhood = topic('by-neighborhood', { key: neighborhood, value: LocatedCase })
const moved = located.repartition(byNeighborhood, (c) => c.neighborhood)
const wards = streams.table(topic('wards', { key: neighborhood, value: Ward }), keyValueStore('wards', { key: neighborhood, value: Ward }))
const globalWards = streams.globalTable(topic('global-wards', { key: neighborhood, value: Ward }))
const enriched = streams.stream(topics.enriched)
const withCount = located.mapValues((c) => ({ ...c, openedSoFar: 1 }))

//ok everything as it should be
enriched.sink(tables.cases, toCaseRow)
//ok an inline version without as const
located.toTable(stores.cases, { version: (c) => [c.updatedAt, c.rowVersion], keep: countedFacts })
//ok an inline keep of the right shape
located.toTable(stores.cases, { version: caseVersion, keep: ({ neighborhood, openedAt, closedAt }) => ({ neighborhood, openedAt, closedAt }) })
//ok a join with a table of the stream's key
moved.join(wards, (c, ward) => ({ id: c.id, ward: ward.ward }))
//ok a join with a global table by a field
located.joinGlobal(globalWards, (c) => c.neighborhood, (c, ward) => ({ id: c.id, ward: ward.ward }))
//ok joinInput that reads the input
volume.joinInput(EnrichedCase, (result, input) => ({ openedSoFar: result?.opened ?? input().localHour }))
//ok a narrower value may be written
withCount.to(topics.enriched)

//mistake a key that may be undefined (repartition)
located.repartition(byNeighborhood, (c) => c.givenArea)
//mistake a time that may be undefined (groupBy entry)
table.groupBy(topics.counts, (c) => [{ key: c.neighborhood, at: c.closedAt, value: { opened: 1, closed: 0 } }])
//mistake plain text where a branded key is needed
located.repartition(byNeighborhood, (c) => c.rowVersion)
//mistake selectKey to something undefined, then to a topic
withCount.selectKey((c) => c.givenArea).to(topics.enriched)
//mistake an entry under a key of another brand
table.groupBy(topics.counts, (c) => [{ key: caseId.of('1'), at: c.openedAt, value: { opened: 1, closed: 0 } }])
//mistake a named function whose entries may have no key
table.groupBy(topics.counts, keylessEntries)
//mistake an entry with another value
table.groupBy(topics.counts, (c) => [{ key: c.neighborhood, at: c.openedAt, value: { opened: 'one', closed: 0 } }])
//mistake an entry without a time
table.groupBy(topics.counts, (c) => [{ key: c.neighborhood, value: { opened: 1, closed: 0 } }])

//mistake write to a topic of another value
located.to(topics.enriched)
//mistake write to a topic of another key
withCount.selectKey((c) => c.neighborhood).to(topics.enriched)
//mistake a field that the topic's schema would drop
located.mapValues((c) => ({ ...c, openedSoFar: 1, extra: true })).to(topics.enriched)
//mistake repartition through a topic that would drop a field
located.mapValues((c) => ({ ...c, extra: true })).repartition(byNeighborhood, (c) => c.neighborhood)
//mistake a stateful step after selectKey
located.selectKey((c) => c.neighborhood).groupByKey()
//mistake toTable after selectKey
located.selectKey((c) => c.neighborhood).toTable(stores.cases, { version: caseVersion, keep: countedFacts })

//mistake keep returns another type of a field
located.toTable(stores.cases, { version: caseVersion, keep: (c) => ({ neighborhood: c.neighborhood, openedAt: c.rowVersion, closedAt: c.closedAt }) })
//mistake keep returns more than the schema
located.toTable(stores.cases, { version: caseVersion, keep: (c) => ({ neighborhood: c.neighborhood, openedAt: c.openedAt, closedAt: c.closedAt, more: 1 }) })
//mistake keep returns less than the schema
located.toTable(stores.cases, { version: caseVersion, keep: (c) => ({ neighborhood: c.neighborhood, openedAt: c.openedAt }) })
//mistake keep forgotten
located.toTable(stores.cases, { version: caseVersion })
//mistake a store of another key
located.toTable(otherKeyStore(), { version: caseVersion, keep: countedFacts })
//mistake counting with a field that is not kept
table.groupBy(topics.counts, (c) => [{ key: c.neighborhood, at: c.localHour, value: { opened: 1, closed: 0 } }])
//mistake add returns something else
grouped.aggregate(stores.hourlyVolume, { initial: noVolume, add: (total, one) => total.opened + one.opened, subtract })
//mistake initial misses a field
grouped.aggregate(stores.hourlyVolume, { initial: { opened: 0 }, add, subtract })
//mistake subtract forgotten
grouped.aggregate(stores.hourlyVolume, { initial: noVolume, add })
//mistake a window store of another value
grouped.aggregate(windowStore('v', { key: neighborhood, value: t.int }), { initial: noVolume, add, subtract })
//mistake a key-value store where a window store is needed
grouped.aggregate(keyValueStore('v', { key: neighborhood, value: Volume }), { initial: noVolume, add, subtract })
//mistake a count into a store of text
moved.groupByKey().count(keyValueStore('n', { key: neighborhood, value: t.string }))
//mistake a count under another key
moved.groupByKey().count(keyValueStore('n', { key: caseId, value: t.int }))
//mistake sessions without merge
moved.groupByKey().windowedBy(session({ gap: 1, grace: 0 })).aggregate(sessionStore('s', { key: neighborhood, value: t.int }), { initial: 0, add: (n) => n + 1 })

//mistake a column is missing
enriched.sink(tables.cases, (c) => ({ case_id: c.id, opened_at: c.openedAt, closed_at: c.closedAt, neighborhood: c.neighborhood, updated_at: c.updatedAt, row_version: c.rowVersion }))
//mistake a column that the table does not have (spread)
enriched.sink(tables.cases, (c) => ({ ...toCaseRow(c), colour: 'red' }))
//mistake a column that the table does not have (literal)
enriched.sink(tables.cases, (c) => ({ case_id: c.id, opened_at: c.openedAt, closed_at: c.closedAt, neighborhood: c.neighborhood, opened_so_far: c.openedSoFar, updated_at: c.updatedAt, row_version: c.rowVersion, colour: 'red' }))
//mistake a column of another type
enriched.sink(tables.cases, (c) => ({ ...toCaseRow(c), opened_at: c.rowVersion }))
//mistake undefined in a column that is not nullable
enriched.sink(tables.cases, (c) => ({ ...toCaseRow(c), opened_at: c.closedAt }))
//mistake a named row function with an unknown column
enriched.sink(tables.cases, colourfulRow)
//mistake a block body with plain text where a brand is needed
enriched.sink(tables.cases, (c) => { return { ...toCaseRow(c), case_id: c.rowVersion } })
//mistake a table whose key is no column
pgTable('x', { a: pg.int4 }, { key: ['b'], newest: [] })
//mistake a nullable column as key
pgTable('x', { a: pg.nullable(pg.int4) }, { key: ['a'] })

//mistake a join with a table of another key
located.join(wards, (c, ward) => ({ ...c, ...ward }))
//mistake a left join forgets that there may be no row
moved.leftJoin(wards, (c, ward) => ({ ...c, ward: ward.ward }))
//mistake a join after selectKey without repartition
located.selectKey((c) => c.neighborhood).join(wards, (c, ward) => ({ ...c, ...ward }))
//mistake a global table looked up by another key
located.joinGlobal(globalWards, (c) => c.id, (c, ward) => ({ ...c, ...ward }))
//mistake a left join with a global table forgets that there may be no row
located.leftJoinGlobal(globalWards, (c) => c.givenArea, (c, ward) => ward.ward)
//mistake a global table in a plain join
moved.join(globalWards, (c, ward) => ward.ward)

//mistake a windowed table where a plain one is needed
moved.join(volume, (c) => c)
//mistake windowed results to a topic with a plain key
volume.toStream().to(topic('v', { key: neighborhood, value: Volume }))
//mistake a window result read as the value itself
volume.toStream().mapValues((v) => v.opened)

//mistake invalid forgotten
raw.validate(parseCase, {})
//mistake the options of validate forgotten
raw.validate(parseCase)
//mistake invalid is a topic of values
raw.validate(parseCase, { invalid: topics.raw })
//mistake dead letters of another topic
raw.validate(parseCase, { invalid: deadLetterTopic('d', topics.enriched) })

//mistake a version that is a Date
located.toTable(stores.cases, { version: (c) => new Date(c.updatedAt), keep: countedFacts })
//mistake a version with a part that may be undefined
located.toTable(stores.cases, { version: (c) => [c.closedAt, c.rowVersion] as const, keep: countedFacts })
//mistake a version schema without an order
versionedStore('s', { key: caseId, value: Volume, version: t.boolean })
//mistake a version schema with an unordered part
versionedStore('s', { key: caseId, value: Volume, version: t.tuple(t.instant, t.boolean) })
//mistake a version that swaps its parts
located.toTable(stores.cases, { version: (c) => [c.rowVersion, c.updatedAt], keep: countedFacts })
//mistake a version that is an object
located.toTable(stores.cases, { version: (c) => ({ at: c.updatedAt }), keep: countedFacts })

//mistake joinInput with another input
volume.joinInput(EnrichedCase, (result, input: () => EnrichedCase) => ({ openedSoFar: 1 }))
//mistake joinInput forgets that there may be no result
volume.joinInput(EnrichedCase, (result) => ({ openedSoFar: result.opened }))
//mistake joinInput with a field too many
volume.joinInput(EnrichedCase, (result) => ({ openedSoFar: 1, more: 2 }))
//ok joinInput into a record whose base the input includes
volume.joinInput(LocatedCase, () => ({ neighborhood: neighborhood.of('x'), localHour: 1 }))
//mistake a group topic of another source
cases.toTable(stores.cases, { version: caseVersion, keep: (c) => ({ neighborhood: neighborhood.of('x'), openedAt: c.openedAt, closedAt: c.closedAt }) }).groupBy(topics.counts, countsOf)

//mistake enrich with an unknown field
located.enrich(EnrichedCase, () => ({ openedSoFar: 1, more: 2 }))
//mistake enrich of another base
raw.enrich(EnrichedCase, () => ({ openedSoFar: 1 }))
//mistake enrich misses a field
cases.enrich(LocatedCase, () => ({ localHour: 1 }))
//mistake the timestamp of a topic is text
topic('x', { key: caseId, value: Volume, timestamp: () => 'now' })
//mistake a branch that does not exist
located.split({ early: (c) => c.localHour < 12 }).branch('late')
//mistake a policy that does not exist
tumbling({ size: days(1), grace: 0, late: 'ignore' })

function keylessEntries(c: CountedFacts) {
  return [{ key: c.closedAt === undefined ? c.neighborhood : undefined, at: c.openedAt, value: { opened: 1, closed: 0 } }]
}
function colourfulRow(c: EnrichedCase) {
  return { ...toCaseRow(c), colour: 'red' }
}
function otherKeyStore() {
  return versionedStore('s', { key: neighborhood, value: Ward, version: t.tuple(t.instant, t.string) })
}
export type Unused = [Case, RawCase, typeof groupTopic]
