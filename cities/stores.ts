// What the topology remembers.
import { t, versionedStore, windowStore } from '../index.ts'
import { CountedFacts, caseId, neighborhood, Volume } from './case.ts'

/** The version is the update's time and, of rows with the same, when the portal wrote them. */
export const caseStore = versionedStore('cases', {
  key: caseId,
  value: CountedFacts,
  version: t.tuple(t.instant, t.instant),
})

export const hourlyVolume = windowStore('hourly-volume', { key: neighborhood, value: Volume })
