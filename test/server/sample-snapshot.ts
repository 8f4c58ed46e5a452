// Snapshots and counts as a run over real cases leaves them, for a given number of records read.
import type { ApplicationSnapshot, NodeSnapshot, TaskSnapshot } from '../../runtime/snapshot.ts'
import type { VolumeQuery, VolumeRow } from '../../server/volume.ts'
import { sampleTopology } from './sample-topology.ts'

const topology = sampleTopology()
const hourMs = 3_600_000
/** 2023-02-12 in San Francisco. */
const dayStart = Date.UTC(2023, 1, 12, 8)

export interface SampleMoment {
  readonly at: number
  readonly read: number
  readonly written: number
}

export function sampleSnapshot({ at, read, written }: SampleMoment): ApplicationSnapshot {
  return {
    app: topology.name,
    state: 'running',
    at,
    topologyHash: topology.hash,
    tasks: sampleTasks(read, written),
    nodes: sampleNodes(read),
    commits: Math.floor(read / 60),
    lastCommitAt: at - 80,
    restore: undefined,
    heldBack: [],
    awaitedSchemas: [],
  }
}

function sampleNodes(read: number): NodeSnapshot[] {
  const share = (part: number) => Math.floor(read * part)
  const [invalid, duplicate, stale, conflict] = [share(0.0003), share(0.021), share(0.0008), share(0.0011)]
  const valid = read - invalid
  const accepted = valid - duplicate - stale - conflict
  const winners = accepted + conflict
  const results = share(0.11)
  const counts: Record<string, [number, number, Record<string, number>?]> = {
    'sf311.raw source': [read, read],
    Case: [read, valid, { 'dead_letter:invalid': invalid }],
    LocatedCase: [valid, valid],
    cases: [valid, winners, { accepted, duplicate, stale, conflict }],
    'counts-by-neighborhood': [winners, winners],
    'counts-by-neighborhood write': [winners, winners],
    'counts-by-neighborhood source': [winners, winners],
    'hourly-volume': [winners, winners + results],
    EnrichedCase: [winners, winners],
    'sf311.enriched write': [winners, winners],
    'hourly-volume results': [results, results],
    'sf311.volume write': [results, results],
    'sf311.enriched source': [winners, winners],
    'cases rows': [winners, 0],
    'sf311.volume source': [results, results],
    'hourly_volume rows': [results, 0],
  }
  return topology.subtopologies.flatMap(({ id, sources, nodes }) =>
    [...sources, ...nodes].map(({ name }) => {
      const [received, out, outcomes = {}] = counts[name] ?? [0, 0]
      return { node: name, subtopology: id, in: received, out, outcomes }
    }),
  )
}

function sampleTasks(read: number, written: number): TaskSnapshot[] {
  return topology.subtopologies.flatMap(({ id, kind, sources, stores, partitions }) =>
    Array.from({ length: partitions }, (_, partition) => ({
      task: `${id}_${partition}`,
      state: 'RUNNING',
      inputs: sources.map(({ topic }) => {
        const committed = Math.floor(read / partitions)
        return {
          topic: topic.name,
          partition,
          committed,
          end: Math.max(committed, Math.floor(written / partitions)),
          earliest: 0,
        }
      }),
      watermark: kind === 'stream' ? dayStart + 15.8 * hourMs - partition * 60_000 : undefined,
      stores: stores.map(({ name }) => ({ store: name, entries: Math.floor(read / 5), bytes: read * 31 })),
      openWindows: {},
      bufferedRows: 0,
    })),
  )
}

/** Cases of 2023-02-12, the busier neighborhoods first. */
const dailyCases: Readonly<Record<string, number>> = {
  Mission: 214,
  'South of Market': 148,
  Tenderloin: 131,
  'Sunset/Parkside': 96,
  'Bayview Hunters Point': 88,
  'Castro/Upper Market': 74,
  'Outer Richmond': 61,
  'Western Addition': 58,
  'Hayes Valley': 55,
  'Nob Hill': 52,
  'Bernal Heights': 49,
  'Haight Ashbury': 44,
  'Inner Sunset': 39,
  Excelsior: 37,
  'Financial District/South Beach': 36,
  Marina: 31,
  'Pacific Heights': 28,
  'North Beach': 27,
  'Potrero Hill': 25,
  Chinatown: 21,
  'Noe Valley': 19,
  'Russian Hill': 18,
  'West of Twin Peaks': 14,
  'Mission Bay': 12,
  'Golden Gate Park': 9,
  'Visitacion Valley': 8,
  'Glen Park': 6,
  Presidio: 3,
  'Treasure Island': 2,
}
const byHour = [1, 1, 1, 1, 1, 2, 4, 8, 10, 10, 9, 8, 8, 8, 7, 6]

export function sampleVolume({ from, to, neighborhood, limit }: VolumeQuery): VolumeRow[] {
  const perDay = byHour.reduce((sum, share) => sum + share, 0)
  return Object.entries(dailyCases)
    .flatMap(([name, total], rank) =>
      byHour.map((share, hour): VolumeRow => {
        const opened = Math.round((total * share * (1 + 0.3 * Math.sin(rank * 7 + hour * 3))) / perDay)
        return {
          neighborhood: name,
          at: dayStart + hour * hourMs,
          opened,
          closed: Math.round(opened * (0.3 + 0.3 * Math.cos(rank + hour))),
          status: hour < 13 ? 'final' : 'provisional',
        }
      }),
    )
    .filter(({ at }) => at >= (from ?? at) && at < (to ?? Number.POSITIVE_INFINITY))
    .filter((row) => neighborhood === undefined || row.neighborhood === neighborhood)
    .sort((a, b) => b.at - a.at)
    .slice(0, limit)
}
