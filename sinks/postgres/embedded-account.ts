// Who runs the embedded server: ourselves, or, since Postgres refuses to run as root, another account – and which folders that one can use.
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstat, mkdir, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { StreamsError } from '../../core/errors.ts'

export interface Account {
  readonly uid: number
  readonly gid: number
}

/** Undefined: ourselves. As root, whoever owns the data already, else `postgres`, else `nobody`. */
export async function serverAccount(existingData: string): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined
  const owner = await stat(existingData).catch(() => undefined)
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid }
  const account = (await accountOf('postgres')) ?? (await accountOf('nobody'))
  if (account !== undefined) return account
  throw new StreamsError(
    'embedded_postgres_failed',
    'Postgres does not run as root, and there is no account postgres or nobody',
  )
}

/** For the options of a child process. */
export function processIds(account: Account | undefined): Partial<Account> {
  return account ?? {}
}

/** The wanted folder, or, where the account cannot get there, one under the system's temporary folder that depends on the wanted name only. */
export async function usableFolder(wanted: string, account: Account | undefined): Promise<string> {
  const folder = resolve(wanted)
  await mkdir(dirname(folder), { recursive: true })
  if (account === undefined || (await canEnter(dirname(folder), account))) return folder
  return join(tmpdir(), `millrace-postgres-${createHash('sha256').update(folder).digest('hex').slice(0, 16)}`)
}

/** Whether every folder on the way lets the account through. */
export async function canEnter(folder: string, account: Account): Promise<boolean> {
  for (let place = resolve(folder); ; place = dirname(place)) {
    const { uid, gid, mode } = await stat(place)
    const bit = uid === account.uid ? 0o100 : gid === account.gid ? 0o010 : 0o001
    if ((mode & bit) === 0) return false
    if (dirname(place) === place) return true
  }
}

/** Folders in a shared place may have been put there by somebody else. @throws StreamsError unless it is ours or the account's. */
export async function ownFolder(folder: string, account?: Account): Promise<void> {
  const self = process.getuid?.()
  const found = await lstat(folder)
  if (found.isDirectory() && (self === undefined || found.uid === self || found.uid === account?.uid)) return
  throw new StreamsError(
    'embedded_postgres_failed',
    `${folder} belongs to somebody else: remove it, or name another folder`,
  )
}

async function accountOf(name: string): Promise<Account | undefined> {
  const ask = async (option: string) => Number((await promisify(execFile)('id', [option, name])).stdout.trim())
  try {
    return { uid: await ask('-u'), gid: await ask('-g') }
  } catch {
    return undefined
  }
}
