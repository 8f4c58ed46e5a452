// A real Postgres without an installation: its own programs in a folder of ours, on a port of 127.0.0.1. It is a process of its own session, so that
// Ctrl-C in the terminal reaches us alone; one that outlived us after a crash is stopped at the next start.

import { randomBytes } from 'node:crypto'
import { chmod, chown, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { systemClock } from '../../core/clock.ts'
import { StreamsError } from '../../core/errors.ts'
import type { Logger } from '../../core/logger.ts'
import { type Account, ownFolder, serverAccount, usableFolder } from './embedded-account.ts'
import { findBinaries, type PostgresBinaries, runProgram } from './embedded-binaries.ts'
import { isRunning, readPostmaster } from './embedded-postmaster.ts'

export interface EmbeddedPostgresOptions {
  /** Holds the data, the password and the log; made when absent. */
  readonly directory: string
  /** Default: one that is free. */
  readonly port?: number
  readonly logger: Logger
}

export interface EmbeddedPostgres {
  /** With user and password. */
  readonly url: string
  /** Where the data really lie: another place than asked for when we are root and the server's account cannot get there. */
  readonly directory: string
  /** Of the server process. */
  readonly pid: number
  stop(): Promise<void>
}

/** @throws StreamsError `embedded_postgres_*` saying what to do. */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const account = await serverAccount(join(options.directory, 'data'))
  const directory = await usableFolder(options.directory, account)
  const server = new Server(directory, await findBinaries(account), options.logger)
  await server.prepareFolder()
  await server.createData()
  await server.stopLeftover()
  return server.start(options.port)
}

const user = 'millrace'
const startAttempts = 5

class Server {
  private readonly directory: string
  private readonly data: string
  private readonly log: string
  private readonly passwordFile: string
  private readonly binaries: PostgresBinaries
  private readonly logger: Logger

  constructor(directory: string, binaries: PostgresBinaries, logger: Logger) {
    this.directory = directory
    this.data = join(directory, 'data')
    this.log = join(directory, 'postgres.log')
    this.passwordFile = join(directory, 'password')
    this.binaries = binaries
    this.logger = logger
  }

  async prepareFolder(): Promise<void> {
    const { account } = this.binaries
    await mkdir(this.directory, { recursive: true, mode: 0o700 })
    await ownFolder(this.directory, account)
    await chmod(this.directory, 0o700)
    await give(this.directory, account)
    if (await exists(this.passwordFile)) return
    await writeFile(this.passwordFile, randomBytes(18).toString('base64url'), { mode: 0o600 })
    await give(this.passwordFile, account)
  }

  /** Into another name first: a start that was killed half way leaves no half a database. */
  async createData(): Promise<void> {
    if (await exists(join(this.data, 'PG_VERSION'))) return
    const partial = `${this.data}.new`
    await rm(partial, { recursive: true, force: true })
    await runProgram(this.binaries, 'initdb', [
      `--pgdata=${partial}`,
      `--username=${user}`,
      `--pwfile=${this.passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--locale=C',
      '--no-instructions',
    ])
    await rename(partial, this.data)
  }

  /** A server on our data whose program died: it holds our tables, but nobody would ever stop it. */
  async stopLeftover(): Promise<void> {
    const postmaster = await readPostmaster(this.data)
    if (postmaster === undefined) return
    if (!(await isRunning(postmaster.pid))) return this.forgetPostmaster()
    const owner = Number(await readFile(this.ownerFile(), 'utf8').catch(() => ''))
    if (owner !== process.pid && isAlive(owner)) {
      throw new StreamsError(
        'embedded_postgres_in_use',
        `the embedded Postgres in ${this.directory} is used by process ${owner}: stop that one, or name another folder`,
      )
    }
    this.logger.info('stopping the embedded Postgres that an earlier run left behind', { pid: postmaster.pid })
    await this.shutDown()
  }

  /** Tried again when the port was taken meanwhile, or when processes of a killed server are still ending. */
  async start(wantedPort: number | undefined): Promise<EmbeddedPostgres> {
    await rm(this.log, { force: true })
    for (let attempt = 1; ; attempt++) {
      const port = wantedPort ?? (await freePort())
      try {
        await runProgram(this.binaries, 'pg_ctl', [
          'start',
          '-D',
          this.data,
          '-w',
          '-t',
          '60',
          '-l',
          this.log,
          '-o',
          settings(port),
        ])
        return await this.started(port)
      } catch (error) {
        if (attempt === startAttempts) throw await this.withLog(error)
        await systemClock.sleep(500 * attempt)
      }
    }
  }

  private async started(port: number): Promise<EmbeddedPostgres> {
    await writeFile(this.ownerFile(), `${process.pid}`)
    const password = (await readFile(this.passwordFile, 'utf8')).trim()
    const pid = (await readPostmaster(this.data))?.pid ?? 0
    this.logger.info('embedded Postgres is ready', { port, pid, directory: this.directory })
    return {
      url: `postgres://${user}:${password}@127.0.0.1:${port}/postgres`,
      directory: this.directory,
      pid,
      stop: () => this.stop(),
    }
  }

  private async stop(): Promise<void> {
    if ((await readPostmaster(this.data)) !== undefined) await this.shutDown()
    await rm(this.ownerFile(), { force: true })
  }

  /** Open transactions are rolled back; a server that does not end in time is stopped the hard way and recovers at its next start. */
  private async shutDown(): Promise<void> {
    const stop = (mode: string) =>
      runProgram(this.binaries, 'pg_ctl', ['stop', '-D', this.data, '-m', mode, '-w', '-t', '20'])
    await stop('fast')
      .catch(() => stop('immediate'))
      .catch(async (error: unknown) => {
        const postmaster = await readPostmaster(this.data)
        if (postmaster !== undefined && (await isRunning(postmaster.pid))) throw error
        // It died on its own meanwhile.
        await this.forgetPostmaster()
      })
  }

  private forgetPostmaster(): Promise<void> {
    return rm(join(this.data, 'postmaster.pid'), { force: true })
  }

  private ownerFile(): string {
    return join(this.directory, 'owner')
  }

  private async withLog(cause: unknown): Promise<StreamsError> {
    const log = await readFile(this.log, 'utf8').catch(() => '')
    return new StreamsError('embedded_postgres_failed', `Postgres does not start: ${log.trim().slice(-1000)}`, {
      cause,
    })
  }
}

/** Only 127.0.0.1, no Unix sockets. */
function settings(port: number): string {
  return `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c shared_buffers=128MB -c synchronous_commit=on -c max_wal_size=2GB`
}

async function give(path: string, account: Account | undefined): Promise<void> {
  if (account !== undefined) await chown(path, account.uid, account.gid)
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}

function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
