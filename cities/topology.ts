// What is done with a city's cases: validate, place, keep the newest version of each, count openings and closings by neighborhood and hour, and
// write it all down. The counts equal those of the latest versions, whatever the order and duplication of the rows.
import { hours } from '../core/duration.ts'
import { StreamsBuilder, type Topology, tumbling } from '../index.ts'
import { type Case, EnrichedCase, LocatedCase, type Volume } from './case.ts'
import type { City } from './city.ts'
import { locate } from './locate.ts'
import { caseStore, hourlyVolume } from './stores.ts'
import * as tables from './tables.ts'

export function caseTopology<Raw>(city: City<Raw>): Topology {
  const { topics } = city
  const streams = new StreamsBuilder(city.name, { deadLetters: topics.deadLetters })
  const cases = streams
    .stream(topics.raw)
    .validate(city.parseCase, { invalid: topics.deadLetters })
    .enrich(LocatedCase, locate(city))
    .toTable(caseStore, { version: caseVersion, keep: countedFacts, content: ({ content }) => content })
  const volume = cases
    .groupBy(topics.countsByNeighborhood, countsOf)
    .windowedBy(tumbling({ size: hours(1), grace: hours(48), late: 'correct', zone: city.time.zone }))
    .aggregate(hourlyVolume, {
      initial: noVolume,
      add,
      subtract,
      valid: ({ opened, closed }) => opened >= 0 && closed >= 0,
    })
  volume.joinInput(EnrichedCase, (result) => ({ openedSoFar: result?.opened })).to(topics.enriched)
  volume.toStream().to(topics.volume)
  const enriched = streams.stream(topics.enriched)
  enriched.sink(tables.cases, tables.toCaseRow)
  enriched.sink(tables.caseVersions, tables.toVersionRow)
  streams.stream(topics.volume).sink(tables.neighborhoodVolume, tables.toVolumeRow)
  streams.stream(topics.deadLetters).sink(tables.deadLetters, tables.toDeadLetterRow)
  return streams.build()
}

const noVolume: Volume = { opened: 0, closed: 0 }
const anOpening: Volume = { opened: 1, closed: 0 }
const aClosing: Volume = { opened: 0, closed: 1 }

const caseVersion = ({ updatedAt, rowVersion }: Case) => [updatedAt, rowVersion] as const

const countedFacts = ({ neighborhood, openedAt, closedAt }: LocatedCase) => ({ neighborhood, openedAt, closedAt })

/** What one case adds, where and when. */
function countsOf({ neighborhood, openedAt, closedAt }: ReturnType<typeof countedFacts>) {
  const opening = { key: neighborhood, at: openedAt, value: anOpening }
  return closedAt === undefined ? [opening] : [opening, { key: neighborhood, at: closedAt, value: aClosing }]
}

function add(total: Volume, one: Volume): Volume {
  return { opened: total.opened + one.opened, closed: total.closed + one.closed }
}

function subtract(total: Volume, one: Volume): Volume {
  return { opened: total.opened - one.opened, closed: total.closed - one.closed }
}
