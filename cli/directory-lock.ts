// The lock of a data directory: one process owns it, tells where its server is, and may be killed at any time without leaving it locked.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CommandError } from './exit.ts'
import { isRunning, type ProcessIdentity, processIdentity } from './process-identity.ts'

export interface LockHolder extends ProcessIdentity {
  /** Where the owner's server listens; undefined before it does. */
  readonly url: string | undefined
}

export interface DirectoryLock {
  /** Tells others where to ask. */
  publish(url: string): void
  release(): void
}

const attemptsMax = 5

/** @throws CommandError with exit code 3 naming the process that holds it */
export function lockDirectory(directory: string): DirectoryLock {
  const path = join(directory, 'lock')
  const self = processIdentity(process.pid)
  if (self === undefined) throw new Error('this process does not find itself')
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (createWhole(path, { ...self, url: undefined })) return heldLock(path, self)
    const holder = readHolder(path)
    if (holder !== undefined && isRunning(holder)) throw inUse(directory, holder)
    removeStale(path, holder)
  }
  throw new CommandError(3, `${directory} is being taken by several processes at once; try again`)
}

/** Who holds the directory now; undefined when nobody does. */
export function lockHolder(directory: string): LockHolder | undefined {
  const holder = readHolder(join(directory, 'lock'))
  return holder !== undefined && isRunning(holder) ? holder : undefined
}

function heldLock(path: string, self: ProcessIdentity): DirectoryLock {
  return {
    publish: (url) => {
      writeFileSync(`${path}.${self.pid}`, JSON.stringify({ ...self, url }))
      renameSync(`${path}.${self.pid}`, path)
    },
    release: () => {
      if (readHolder(path)?.pid === self.pid) rmSync(path, { force: true })
    },
  }
}

/** A link appears at once with its content, so nobody ever reads half a lock. */
function createWhole(path: string, holder: LockHolder): boolean {
  const own = `${path}.${holder.pid}`
  writeFileSync(own, JSON.stringify(holder))
  try {
    linkSync(own, path)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(own, { force: true })
  }
}

/** Moves the lock away before looking at it again: what was taken by somebody else meanwhile goes back. An unreadable lock names nobody. */
function removeStale(path: string, stale: LockHolder | undefined): void {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
  } catch {
    return
  }
  const moved = readHolder(aside)
  if (moved?.pid !== stale?.pid || moved?.started !== stale?.started) linkSync(aside, path)
  rmSync(aside, { force: true })
}

function readHolder(path: string): LockHolder | undefined {
  try {
    const holder: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isHolder(holder) ? { pid: holder.pid, started: holder.started, url: holder.url } : undefined
  } catch {
    return undefined
  }
}

function isHolder(value: unknown): value is LockHolder {
  return (
    typeof value === 'object' && value !== null && 'pid' in value && typeof value.pid === 'number' && 'started' in value
  )
}

function inUse(directory: string, { pid, url }: LockHolder): CommandError {
  const where = url === undefined ? 'it is starting' : `its page is ${url}`
  return new CommandError(
    3,
    `${directory} is in use by process ${pid} (${where}); stop it, or choose another --data-dir`,
  )
}
