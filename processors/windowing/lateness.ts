// Which inputs a window still takes (time-model.md, rules 1, 2 and 4). Late depends on the record alone; what happens then is the window's policy.

export interface LatePolicy {
  readonly late: 'drop' | 'deadLetter' | 'correct'
  /** How long after closing a late input still corrects, ms; infinite: as long as state is kept. */
  readonly correctForMs: number
}

export type Admission = 'take' | 'late' | 'expired' | 'after_idle'

export interface Asked {
  /** When the window closes: its end and grace. */
  readonly closesAt: number
  /** Of the record. */
  readonly clock: number
  /** Of the task. */
  readonly watermark: number
  /** Whether the window has a state. */
  readonly exists: () => boolean
}

export function admission(
  { late, correctForMs }: LatePolicy,
  { closesAt, clock, watermark, exists }: Asked,
): Admission {
  if (clock < closesAt) {
    // Closed before a record that is not late: its source had been idle. It corrects what is there, and opens nothing anew.
    if (watermark < closesAt || late === 'correct' || exists()) return 'take'
    return 'after_idle'
  }
  if (late !== 'correct') return 'late'
  return clock < closesAt + correctForMs ? 'take' : 'expired'
}
