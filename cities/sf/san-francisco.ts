// San Francisco as a city of the common topology.
import type { City } from '../city.ts'
import { type GeographyOptions, sfGeography } from './geography.ts'
import { holidayOf } from './holidays.ts'
import { parseCase } from './parse-case.ts'
import type { RawCase } from './raw-case.ts'
import { sanFrancisco as time } from './soda-time.ts'
import { topics } from './topics.ts'

export function sanFrancisco(options: GeographyOptions = {}): City<RawCase> {
  return { name: 'sf311', topics, time, geography: sfGeography(options), parseCase, holidayOf }
}
