// The topics of San Francisco 311.
import { hours } from '../../core/duration.ts'
import { deadLetterTopic, groupTopic, topic, windowed, windowResult } from '../../index.ts'
import { caseId, EnrichedCase, LocatedCase, neighborhood, Volume } from '../case.ts'
import type { CityTopics } from '../city.ts'
import { openedTime } from './parse-case.ts'
import { RawCase } from './raw-case.ts'

const raw = topic('sf311.raw', {
  key: caseId,
  value: RawCase,
  timestamp: openedTime,
  partitions: 4,
  config: { timestampType: 'LogAppendTime' },
})

export const topics: CityTopics<RawCase> = {
  raw,
  enriched: topic('sf311.enriched', { key: caseId, value: EnrichedCase, timestamp: ({ openedAt }) => openedAt }),
  volume: topic('sf311.volume', {
    key: windowed(neighborhood, { size: () => hours(1) }),
    value: windowResult(Volume),
    // A table: the newest revision of each window is what counts.
    config: { cleanupPolicy: 'compact' },
  }),
  deadLetters: deadLetterTopic('sf311.dead-letters', raw),
  countsByNeighborhood: groupTopic('counts-by-neighborhood', {
    key: neighborhood,
    entry: Volume,
    source: { key: caseId, value: LocatedCase },
  }),
}
