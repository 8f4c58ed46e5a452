// The compiled program as a process of its own: started, killed, waited for.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll } from 'vitest'

const root = resolve(import.meta.dirname, '../..')

/** How a life of the program ended. */
export interface End {
  /** Null when it was killed. */
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Life {
  readonly ended: Promise<End>
  /** As `kill -9`. */
  kill(): void
}

export interface Program {
  /** `run` with these options; the page takes a free port. */
  start(...options: readonly string[]): Life
  /** A new data directory, removed after the tests of the file. */
  newDirectory(): string
  /** Removed after the tests of the file as well. */
  removeLater(directory: string): void
}

/** Compiled once for the tests of the file or `describe` that calls this, below node_modules, so that it finds its packages. `environment` is looked at at each start. */
export function useProgram(environment: Readonly<Record<string, string>> = {}): Program {
  const compiled = join(root, `node_modules/.cache/program-${process.pid}`)
  const directories = new Set<string>()
  const living = new Set<ChildProcess>()
  beforeAll(() => compile(compiled))
  afterAll(() => {
    for (const child of living) child.kill('SIGKILL')
    for (const directory of [compiled, ...directories]) rmSync(directory, { recursive: true, force: true })
  })
  return {
    start: (...options) => {
      const main = join(compiled, 'cities/main.js')
      const child = spawn(process.execPath, ['--enable-source-maps', main, '--port', '0', ...options], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, NO_COLOR: '1', ...environment },
      })
      living.add(child)
      const ended = endOf(child)
      child.once('close', () => living.delete(child))
      return { ended, kill: () => void child.kill('SIGKILL') }
    },
    newDirectory: () => {
      const directory = mkdtempSync(join(tmpdir(), 'millrace-program-'))
      directories.add(directory)
      return directory
    },
    removeLater: (directory) => void directories.add(directory),
  }
}

function compile(outDir: string): void {
  const compiler = join(root, 'node_modules/typescript/bin/tsc')
  const project = join(root, 'tsconfig.build.json')
  const flags = ['--noCheck', '--declaration', 'false', '--outDir', outDir]
  const { status, stdout } = spawnSync(process.execPath, [compiler, '-p', project, ...flags], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the program does not compile: ${stdout}`)
  copyFileSync(join(root, 'cities/sf/boundaries.json'), join(outDir, 'cities/sf/boundaries.json'))
}

function endOf(child: ChildProcess): Promise<End> {
  const texts = { stdout: '', stderr: '' }
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text
    })
  return new Promise((done, failed) => {
    child.once('error', failed)
    child.once('close', (code) => done({ code, ...texts }))
  })
}
