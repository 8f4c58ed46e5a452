// What a city brings to the common topology: its topics, its rows, its map, its clock.
import type { RecordContext } from '../core/stream-record.ts'
import type { DeadLetterTopic, GroupTopic, Rejected, Topic, Windowed, WindowResult } from '../index.ts'
import type { Case, CaseId, EnrichedCase, LocatedCase, Neighborhood, Volume } from './case.ts'
import type { Geography } from './geography.ts'
import type { LocalTime } from './local-time.ts'

export interface CityTopics<Raw> {
  /** One row a record, as the portal serves it. */
  readonly raw: Topic<CaseId, Raw>
  readonly enriched: Topic<CaseId, EnrichedCase>
  readonly volume: Topic<Windowed<Neighborhood>, WindowResult<Volume>>
  readonly deadLetters: DeadLetterTopic<CaseId, Raw>
  readonly countsByNeighborhood: GroupTopic<Neighborhood, Volume, CaseId, LocatedCase>
}

export interface City<Raw> {
  /** Also the application's name and the Postgres schema. */
  readonly name: string
  readonly topics: CityTopics<Raw>
  readonly time: LocalTime
  readonly geography: Geography
  readonly parseCase: (raw: Raw, key: CaseId, place: RecordContext) => Case | Rejected
  /** Name of the holiday at a local time. */
  readonly holidayOf: (local: number) => string | undefined
}
