// What a city's geography must tell of a case: the names of its place.
import type { Case, Neighborhood } from './case.ts'

export interface Place {
  readonly neighborhood: Neighborhood
  readonly sffindNeighborhood: string | undefined
  readonly supervisorDistrict: string | undefined
  readonly policeDistrict: string | undefined
}

export interface Geography {
  /** By the row's own columns, else by its point. */
  placeOf(found: Case): Place
}
