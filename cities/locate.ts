// The fields that place a case in the city and in the week.
import type { Case } from './case.ts'
import type { City } from './city.ts'
import { weekdayOf } from './weekday.ts'

const HOUR = 3_600_000

/** The fields that LocatedCase adds to a case. */
export function locate<Raw>({ geography, time, holidayOf }: City<Raw>) {
  return (found: Case) => {
    const place = geography.placeOf(found)
    const local = time.toLocal(found.openedAt)
    return {
      neighborhood: place.neighborhood,
      sffindNeighborhood: place.sffindNeighborhood,
      supervisorDistrict: place.supervisorDistrict,
      policeDistrict: place.policeDistrict,
      localHour: Math.floor(local / HOUR) % 24,
      weekday: weekdayOf(local),
      holiday: holidayOf(local),
    }
  }
}
