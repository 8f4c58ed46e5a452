// Tells one process from another that got the same pid later: the pid together with the time the system started it.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface ProcessIdentity {
  readonly pid: number
  /** In the system's own words; only compared. */
  readonly started: string
}

/** Undefined when no such process runs. */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  if (!isAlive(pid)) return undefined
  return { pid, started: startTimeFromProc(pid) ?? startTimeFromPs(pid) ?? 'unknown' }
}

export function isRunning(process: ProcessIdentity): boolean {
  return processIdentity(process.pid)?.started === process.started
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

/** The 22nd field, counted behind the command's name, which may hold anything; a zombie runs no more. */
function startTimeFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields[0] === 'Z' ? 'ended' : fields[19]
  } catch {
    return undefined
  }
}

function startTimeFromPs(pid: number): string | undefined {
  const { status, stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', timeout: 2000 })
  return status === 0 ? stdout.trim() : undefined
}
