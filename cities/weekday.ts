// Days of the week of local times, Monday first.

const DAY = 86_400_000
/** Day 0 of the epoch. */
const THURSDAY = 3

/** 0 Monday to 6 Sunday, of a local time in ms as if UTC. */
export function weekdayOf(local: number): number {
  const weekday = (Math.floor(local / DAY) + THURSDAY) % 7
  return weekday < 0 ? weekday + 7 : weekday
}
