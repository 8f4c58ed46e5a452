// CPU time of another process and its children, ended ones included, as Linux tells it.
import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second, whatever the kernel's own clock. */
const TICKS_PER_SECOND = 100

interface ProcessTimes {
  readonly parent: number
  /** Its own and those of its ended children. */
  readonly ticks: number
}

/** CPU-seconds; undefined where there is no /proc. */
export function cpuSecondsOfTree(pid: number): number | undefined {
  const root = timesOf(pid)
  if (root === undefined) return undefined
  const children = readdirSync('/proc').flatMap((name) => timesOf(Number(name)) ?? [])
  const ticks = children.filter(({ parent }) => parent === pid).reduce((sum, child) => sum + child.ticks, root.ticks)
  return ticks / TICKS_PER_SECOND
}

function timesOf(pid: number): ProcessTimes | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name in parentheses may hold spaces; the state follows it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const numbers = [11, 12, 13, 14].map((index) => Number(fields[index]))
    return { parent: Number(fields[1]), ticks: numbers.reduce((sum, ticks) => sum + ticks, 0) }
  } catch {
    return undefined
  }
}
