// What every script does first: install the packages that are missing and compile the sources that are newer than their output.
import { spawnSync } from 'node:child_process'
import { existsSync, lstatSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/** Runs a command in the repository. `to` is where its stdout goes: this terminal's stdout or stderr, or the answer ('caller', with its stderr). */
export function run(command, args, { to = 'stderr', env = process.env } = {}) {
  const stdio = { stdout: ['ignore', 1, 2], stderr: ['ignore', 2, 2], caller: ['ignore', 'pipe', 'pipe'] }
  const { status, signal, error, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    env,
    stdio: stdio[to],
    encoding: 'utf8',
    shell: process.platform === 'win32',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (signal === 'SIGINT' || signal === 'SIGTERM') process.exit(130)
  return { ok: status === 0, output: `${stdout ?? ''}${stderr ?? ''}${error ? error.message : ''}` }
}

/** `npm ci` when node_modules is missing or older than the lock file. */
export function installMissing() {
  const installed = join(root, 'node_modules', '.package-lock.json')
  if (existsSync(installed) && modifiedAt(installed) >= modifiedAt(join(root, 'package-lock.json'))) return
  // npm would empty the folder that the link leads to, which belongs to somebody else.
  if (lstatSync(join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
    fail('node_modules is a link, and its packages are not those of package-lock.json: remove the link and start again')
  say('installing packages (npm ci)')
  const args = ['ci', '--include=dev', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']
  if (!run('npm', args).ok) fail('npm ci failed; its messages are above')
}

/** Compiles `project` into `outDir` when a source is newer than the last complete build there. */
export function build(project, outDir, { folders, files }) {
  const stamp = join(root, outDir, '.built')
  const newest = Math.max(
    ...[...files, project, 'package-lock.json'].map(inRoot).map(modifiedAt),
    ...folders.map(newestIn),
  )
  if (existsSync(stamp) && modifiedAt(stamp) >= newest) return
  say(`compiling to ${outDir}/`)
  const startedAt = Date.now()
  rmSync(join(root, outDir), { recursive: true, force: true })
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
  if (!run(process.execPath, [compiler, '-p', project, '--noCheck']).ok)
    fail('compiling failed; its messages are above')
  writeFileSync(stamp, '')
  say(`compiled in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}

/** What the program itself is made of: the include list of tsconfig.build.json. */
export const sources = {
  files: ['index.ts', 'testing.ts', 'tsconfig.json'],
  folders: [
    'core',
    'serdes',
    'kafka',
    'state',
    'processors',
    'topology',
    'sinks',
    'runtime',
    'metrics',
    'server',
    'cli',
    'cities',
  ],
}

export function say(line) {
  process.stderr.write(`millrace: ${line}\n`)
}

export function fail(line) {
  say(line)
  process.exit(1)
}

function inRoot(path) {
  return join(root, path)
}

function modifiedAt(path) {
  return existsSync(path) ? statSync(path).mtimeMs : 0
}

/** Newest modification below a folder; folders count too, so that a deleted file is noticed. */
function newestIn(folder) {
  const path = inRoot(folder)
  if (!existsSync(path)) return 0
  const entries = readdirSync(path, { recursive: true, withFileTypes: true })
  const relevant = entries.filter((entry) => entry.isDirectory() || /\.(ts|json)$/.test(entry.name))
  return Math.max(modifiedAt(path), ...relevant.map((entry) => modifiedAt(join(entry.parentPath, entry.name))))
}
