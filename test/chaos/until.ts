// Waiting for something outside, bounded and by asking.
import { setTimeout as sleep } from 'node:timers/promises'

const ASK_EVERY_MS = 50

/** Resolves to how long it took, ms. @throws when it takes longer than `msMax`. */
export async function until(isSo: () => boolean | Promise<boolean>, msMax: number, what: string): Promise<number> {
  const startedAt = Date.now()
  while (!(await isSo())) {
    if (Date.now() - startedAt > msMax) throw new Error(`waited ${msMax} ms for ${what}`)
    await sleep(ASK_EVERY_MS)
  }
  return Date.now() - startedAt
}
