// Which inputs a window still takes (time-model.md, rules 1, 2 and 4). Late depends on the record alone; what happens then is the window's policy.

export interface LatePolicy {
  readonly late: 'drop' | 'deadLetter' | 'correct'
  /** How long after closing a late input still corrects, ms; infinite: as long as state is kept. */
  readonly correctForMs: number
}

/** `take existing`: only where the window has a state; without one it is a dead letter `after_idle`. */
export type Admission = 'take' | 'take existing' | 'late' | 'expired'

/** `closesAt`: the window's end and grace; `clock`: the record's; `watermark`: the task's. */
export function admission(
  { late, correctForMs }: LatePolicy,
  at: { readonly closesAt: number; readonly clock: number; readonly watermark: number },
): Admission {
  const { closesAt, clock, watermark } = at
  if (clock >= closesAt) {
    if (late !== 'correct') return 'late'
    return clock < closesAt + correctForMs ? 'take' : 'expired'
  }
  // Closed before a record that is not late: its source had been idle. It corrects what is there, and opens nothing anew.
  return watermark < closesAt || late === 'correct' ? 'take' : 'take existing'
}
