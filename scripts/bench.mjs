// `npm run bench [name…]`: compiles, then runs each file of bench/ (or those named) in a process of its own; each exports `run(): Promise<void>`.
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, fail, installMissing, root, run, sources } from './prepare.mjs'

const folder = join(root, 'bench')
const all = existsSync(folder)
  ? readdirSync(folder)
      .filter(isBench)
      .map((file) => basename(file, '.ts'))
      .sort()
  : []
const named = process.argv.slice(2)
const unknown = named.filter((name) => !all.includes(name))
if (unknown.length > 0) fail(`no such bench: ${unknown.join(', ')}; there are ${all.join(', ')}`)

installMissing()
build('tsconfig.bench.json', 'build', { ...sources, folders: [...sources.folders, 'bench', 'test'] })
console.log(`${machine()} · ${commit()}\n`)
const failed = (named.length > 0 ? named : all).filter((name) => !runBench(name))
if (failed.length > 0) fail(`failed: ${failed.join(', ')}`)

/** What has no `run` serves the others. */
function isBench(file) {
  return file.endsWith('.ts') && /export (async )?function run\(/.test(readFileSync(join(folder, file), 'utf8'))
}

function runBench(name) {
  console.log(`# ${name}`)
  const url = pathToFileURL(join(root, 'build', 'bench', `${name}.js`)).href
  const script = `const { run } = await import(${JSON.stringify(url)}); await run()`
  const { ok } = run(process.execPath, ['--expose-gc', '--enable-source-maps', '--input-type=module', '-e', script], {
    to: 'stdout',
  })
  console.log('')
  return ok
}

function machine() {
  const processors = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${processors.length} × ${processors[0]?.model.trim()}, ${memory}, ${process.platform}, Node ${process.version}`
}

function commit() {
  const head = run('git', ['rev-parse', '--short', 'HEAD'], { to: 'caller' })
  if (!head.ok) return 'no commit'
  const changes = run('git', ['status', '--porcelain'], { to: 'caller' })
  return `commit ${head.output.trim()}${changes.output.trim() === '' ? '' : ' with changes'}`
}
