// Copies short byte ranges without the price of a native call.

const LOOP_MAX = 48

export function copyBytes(from: Buffer, start: number, end: number, to: Buffer, at: number): void {
  if (end - start > LOOP_MAX) from.copy(to, at, start, end)
  else for (let i = start; i < end; i++) to[at + i - start] = from[i] as number
}
