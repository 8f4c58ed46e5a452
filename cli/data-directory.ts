// The data directory: everything a run leaves on this machine, owned by one process at a time, and marked so that nothing else is ever cleared.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type DirectoryLock, lockDirectory } from './directory-lock.ts'
import { CommandError } from './exit.ts'

/** Changes when an older version could not read what is there. */
const formatVersion = 1
const marker = 'millrace.json'

/** All that a run may put into its directory, and so all that `--fresh` removes. */
const contents = { log: 'log', postgres: 'postgres', members: 'members', run: 'run.json' } as const

export interface DataDirectory {
  readonly path: string
  /** The embedded cluster's topics. */
  readonly log: string
  /** The embedded Postgres. */
  readonly postgres: string
  /** Ids of group members, which outlive the process. */
  readonly members: string
  /** Number of the run that is going on: one that was killed or stopped goes on under the same number when it is started again. */
  readonly run: number
  /** The run has done all that it was asked to; the next one is another. */
  finishRun(): void
  /** Tells other commands where the server of this run is. */
  publish(url: string): void
  close(): void
}

/** Creates the directory if it is missing and locks it. @throws CommandError with exit code 3 */
export function openDataDirectory(given: string, { fresh }: { readonly fresh: boolean }): DataDirectory {
  const path = resolve(given)
  adopt(path)
  const lock = lockDirectory(path)
  try {
    if (fresh) clear(path)
    checkFormat(path)
  } catch (error) {
    lock.release()
    throw error
  }
  return opened(path, lock)
}

/** Whether a run has ever used this directory. */
export function isDataDirectory(given: string): boolean {
  return existsSync(join(resolve(given), marker))
}

function opened(path: string, lock: DirectoryLock): DataDirectory {
  const finished = join(path, contents.run)
  const run = runsFinished(finished) + 1
  return {
    path,
    log: join(path, contents.log),
    postgres: join(path, contents.postgres),
    members: join(path, contents.members),
    run,
    finishRun: () => writeFileSync(finished, `${JSON.stringify({ finished: run })}\n`),
    publish: (url) => lock.publish(url),
    close: () => lock.release(),
  }
}

/** A folder with other people's files is not ours and never becomes so. */
function adopt(path: string): void {
  if (isDataDirectory(path)) return
  mkdirSync(path, { recursive: true })
  const strangers = readdirSync(path).filter((name) => name !== 'lock' && !name.startsWith('lock.'))
  if (strangers.length > 0 && !isDataDirectory(path)) {
    throw new CommandError(
      3,
      `${path} holds files that are not Millrace's (${strangers[0]}); choose another --data-dir`,
    )
  }
  writeFileSync(join(path, marker), `${JSON.stringify({ format: formatVersion })}\n`)
}

function clear(path: string): void {
  for (const name of Object.values(contents)) rmSync(join(path, name), { recursive: true, force: true })
  writeFileSync(join(path, marker), `${JSON.stringify({ format: formatVersion })}\n`)
}

function checkFormat(path: string): void {
  const found = readFormat(join(path, marker))
  if (found === formatVersion) return
  throw new CommandError(
    3,
    `${path} has format ${found ?? 'unknown'}, and this version reads ${formatVersion}; choose another --data-dir, or clear it with --fresh`,
  )
}

function readFormat(path: string): number | undefined {
  return readNumber(path, 'format')
}

function runsFinished(path: string): number {
  return readNumber(path, 'finished') ?? 0
}

/** Undefined when the file or the number in it is not there. */
function readNumber(path: string, name: string): number | undefined {
  try {
    const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (typeof parsed !== 'object' || parsed === null) return undefined
    const value: unknown = Object.entries(parsed).find(([key]) => key === name)?.[1]
    return typeof value === 'number' ? value : undefined
  } catch {
    return undefined
  }
}
