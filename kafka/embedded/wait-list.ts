// Who waits for something to change: wakes them when it does, and bounds every wait by the clock.
import type { Clock } from '../../core/clock.ts'

export class WaitList {
  private readonly waiting = new Set<() => void>()

  wakeAll(): void {
    for (const wake of this.waiting) wake()
  }

  add(wake: () => void): void {
    this.waiting.add(wake)
  }

  remove(wake: () => void): void {
    this.waiting.delete(wake)
  }
}

/** Waits until one of the lists is woken, at most `ms`, or until `signal` is aborted. */
export async function waitForAny(
  lists: readonly WaitList[],
  clock: Clock,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  const timer = new AbortController()
  let wake = () => {}
  const woken = new Promise<void>((resolve) => {
    wake = resolve
  })
  for (const list of lists) list.add(wake)
  signal?.addEventListener('abort', wake, { once: true })
  if (signal?.aborted) wake()
  await Promise.race([woken, clock.sleep(ms, timer.signal)])
  timer.abort()
  signal?.removeEventListener('abort', wake)
  for (const list of lists) list.remove(wake)
}
