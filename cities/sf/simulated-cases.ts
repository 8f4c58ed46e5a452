// The cases that a simulated San Francisco opens in a minute, with every version of them that the portal will serve, in today's schema: volume by hour
// and weekday, categories, places, photos, closings, duplicates and broken rows follow the figures.
import { type Random, seededRandom } from '../../core/random.ts'
import { DELIVERY_DELAY_MAX, type Delivery, type SimulatedMinute } from '../ingest/simulator.ts'
import { weekdayOf } from '../weekday.ts'
import {
  type CategoryFigures,
  casesPerDay,
  categories,
  closingQuantiles,
  hourShares,
  type PlaceFigures,
  places,
  type SourceFigures,
  shares,
  sources,
  weekdayShares,
} from './simulator-figures.ts'
import { sanFrancisco, toSodaTime } from './soda-time.ts'

export interface SimulatedCity {
  /** Default: as in 2023. */
  readonly casesPerDay?: number
}

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** Ids are twelve digits that grow with time: 101, minutes since 2008, number within the minute. */
const ID_BASE = 101_000_000_000
const FIRST_MINUTE = Date.UTC(2008, 0, 1) / MINUTE
const IDS_A_MINUTE = 100

const updatedShare = 0.25
const deliveredTwiceShare = 0.02
const deliveredLateShare = 0.01
const LATE_MAX = 72 * HOUR
const brokenShare = 0.001
const PLACE_DEGREES = 0.004

const pickCategory = picker(categories)
const pickPlace = picker(places)
const pickSource = picker(sources)

export function simulatedSanFrancisco(options: SimulatedCity = {}): SimulatedMinute {
  const scale = (options.casesPerDay ?? casesPerDay) / 24 / 60
  return (seed, minute) => {
    const random = seededRandom(Math.imul(seed + 1, 0x9e3779b1) ^ Math.imul(minute, 0x85ebca6b))
    const count = Math.min(IDS_A_MINUTE, poisson(scale * intensity(minute * MINUTE), random))
    return Array.from({ length: count }, (_, i) => deliveriesOf(caseOf(minute, i, random), random)).flat()
  }
}

/** 1 on average over the week. */
function intensity(instant: number): number {
  const local = sanFrancisco.toLocal(instant)
  const weekday = weekdayOf(local)
  const hours = weekday < 5 ? hourShares.weekday : hourShares.weekend
  const hour = Math.floor(local / HOUR) % 24
  return (weekdayShares[weekday] ?? 0) * 7 * (hours[hour] ?? 0) * 24
}

interface SimulatedCase {
  readonly id: string
  readonly openedAt: number
  readonly closedAt: number | undefined
  readonly category: CategoryFigures
  readonly place: PlaceFigures
  readonly source: SourceFigures
  readonly hasPhoto: boolean
  readonly isDuplicate: boolean
  /** Degrees from the place's middle, north and east; undefined where the coordinates are 0. */
  readonly offset: readonly [number, number] | undefined
}

function caseOf(minute: number, index: number, random: Random): SimulatedCase {
  const category = pickCategory(random)
  const source = pickSource(random)
  const openedAt = minute * MINUTE + (random() < shares.wholeMinutes ? 0 : Math.floor(random() * 60) * SECOND)
  const hours = random() < category.neverClosedShare ? undefined : hoursToClose(category, random)
  const hasPoint = random() >= shares.zeroCoordinates
  return {
    id: String(ID_BASE + (minute - FIRST_MINUTE) * IDS_A_MINUTE + index),
    openedAt,
    closedAt: hours === undefined ? undefined : openedAt + Math.round(hours * 3600) * SECOND,
    category,
    source,
    place: pickPlace(random),
    hasPhoto: random() < source.photoShare,
    isDuplicate: random() < shares.closedAsDuplicate,
    offset: hasPoint ? [(random() - 0.5) * PLACE_DEGREES, (random() - 0.5) * PLACE_DEGREES] : undefined,
  }
}

function deliveriesOf(made: SimulatedCase, random: Random): Delivery[] {
  const { openedAt, closedAt } = made
  const delay = random() < deliveredLateShare ? random() * LATE_MAX : random() * MINUTE
  const seen = openedAt + MINUTE + Math.floor(delay)
  const deliveries = [delivery(made, seen, { updatedAt: openedAt, isClosed: false })]
  const end = closedAt === undefined ? undefined : Math.max(closedAt + MINUTE, openedAt + HOUR)
  if (random() < updatedShare) {
    const updatedAt = openedAt + Math.floor((random() * ((end ?? openedAt + 24 * HOUR) - openedAt)) / SECOND) * SECOND
    deliveries.push(delivery(made, updatedAt + MINUTE, { updatedAt, isClosed: false }))
  }
  if (end !== undefined) deliveries.push(delivery(made, end, { updatedAt: end - MINUTE, isClosed: true }))
  const [first] = deliveries
  if (first !== undefined && random() < deliveredTwiceShare) deliveries.push({ ...first, at: first.at + HOUR })
  if (random() < brokenShare) deliveries.push({ at: seen, row: brokenRow(made, random()) })
  return deliveries.filter(({ at }) => at <= openedAt + DELIVERY_DELAY_MAX)
}

interface Version {
  readonly updatedAt: number
  readonly isClosed: boolean
}

function delivery(made: SimulatedCase, at: number, version: Version): Delivery {
  return { at, row: () => rowOf(made, version) }
}

function rowOf(made: SimulatedCase, { updatedAt, isClosed }: Version) {
  const { category, place, source, offset, closedAt } = made
  const isUpdated = updatedAt > made.openedAt
  return {
    service_request_id: made.id,
    requested_datetime: toSodaTime(made.openedAt),
    ...(isClosed && closedAt !== undefined ? { closed_date: toSodaTime(closedAt) } : {}),
    updated_datetime: toSodaTime(updatedAt),
    status_description: isClosed ? 'Closed' : 'Open',
    status_notes: isClosed
      ? made.isDuplicate
        ? 'Case is a Duplicate'
        : 'Case Resolved'
      : isUpdated
        ? 'accepted'
        : 'open',
    agency_responsible: category.agency,
    service_name: category.name,
    service_subtype: category.subtype,
    address: `simulated, ${place.neighborhood}`,
    analysis_neighborhood: place.neighborhood,
    lat: offset === undefined ? '0' : (place.latitude + offset[0]).toFixed(6),
    long: offset === undefined ? '0' : (place.longitude + offset[1]).toFixed(6),
    source: source.name,
    ...(made.hasPhoto ? { media_url: { url: `https://example.org/photos/${made.id}` } } : {}),
    data_as_of: toSodaTime(updatedAt),
  }
}

/** One of the ways in which rows break the contract. */
function brokenRow({ id, openedAt }: SimulatedCase, kind: number): () => unknown {
  if (kind < 0.4) return () => ({ requested_datetime: toSodaTime(openedAt), status_description: 'Open' })
  if (kind < 0.8) return () => ({ service_request_id: id, requested_datetime: '2020-02-30T00:00:00.000' })
  return () => `${id} is not a row`
}

/** Straight lines between the quantiles of the category. */
function hoursToClose({ hoursToClose: hours }: CategoryFigures, random: Random): number {
  const share = Math.min(0.99, Math.max(0.05, random()))
  const above = closingQuantiles.findIndex((quantile) => quantile >= share)
  const [low, high] = [hours[above - 1] ?? hours[0] ?? 0, hours[above] ?? 0]
  const [from, to] = [closingQuantiles[above - 1] ?? 0, closingQuantiles[above] ?? 1]
  return low + ((high - low) * (share - from)) / (to - from)
}

function picker<T extends { readonly share: number }>(figures: readonly T[]): (random: Random) => T {
  const total = figures.reduce((sum, { share }) => sum + share, 0)
  return (random) => {
    let rest = random() * total
    const found = figures.find(({ share }) => {
      rest -= share
      return rest < 0
    })
    const one = found ?? figures[0]
    if (one === undefined) throw new Error('there is nothing to pick from')
    return one
  }
}

/** Knuth's method, for small means. */
function poisson(mean: number, random: Random): number {
  const limit = Math.exp(-mean)
  let count = -1
  for (let product = 1; product > limit && count < 10_000; count++) product *= random()
  return Math.max(0, count)
}
