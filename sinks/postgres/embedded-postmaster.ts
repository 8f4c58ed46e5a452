// What a Postgres data folder says about the server running on it.
import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

export interface Postmaster {
  readonly pid: number
}

/** From `postmaster.pid`, which a killed server leaves behind. */
export async function readPostmaster(data: string): Promise<Postmaster | undefined> {
  const text = await readFile(join(data, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(text.split('\n')[0])
  return Number.isInteger(pid) && pid > 0 ? { pid } : undefined
}

/** Whether this process is a Postgres that lives: the number of a dead one may have been given to any other program. */
export async function isRunning(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => statusFromPs(pid))
  return /postgres/.test(status) && !/\) Z /.test(status)
}

/** Where there is no /proc. */
async function statusFromPs(pid: number): Promise<string> {
  try {
    return (await promisify(execFile)('ps', ['-p', String(pid), '-o', 'comm='])).stdout
  } catch {
    return ''
  }
}
