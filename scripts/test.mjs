// `npm test [name…]`: installs, compiles, then types, lint and every test; the last line is `N passed, N failed, N skipped`.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, installMissing, root, run, sources } from './prepare.mjs'

const names = process.argv.slice(2)
const outcome = { passed: 0, failed: [], skipped: [] }

installMissing()
build('tsconfig.build.json', 'dist', sources)
if (names.length === 0) {
  check('types (tsc)', 'typescript/bin/tsc', ['-p', 'tsconfig.json'])
  check('lint (biome)', '@biomejs/biome/bin/biome', ['check', '.'])
}
runTests()
report()

/** A check counts as one test. */
function check(name, executable, args) {
  const startedAt = Date.now()
  const { ok, output } = run(process.execPath, [join(root, 'node_modules', executable), ...args], { to: 'caller' })
  if (ok) outcome.passed += 1
  else {
    outcome.failed.push(name)
    process.stdout.write(output)
  }
  process.stdout.write(` ${ok ? '✓' : '✗'} ${name} ${Date.now() - startedAt} ms\n`)
}

function runTests() {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-test-'))
  const counts = join(folder, 'counts.json')
  try {
    const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts', 'count-reporter.mjs')}`]
    const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs')
    const { ok } = run(process.execPath, [vitest, 'run', ...reporters, ...names], {
      to: 'stdout',
      env: { ...process.env, TEST_COUNTS_FILE: counts },
    })
    add(ok, readCounts(counts))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function add(ok, counts) {
  outcome.passed += counts.passed
  outcome.failed.push(...counts.failed)
  outcome.skipped.push(...counts.skipped)
  if (!ok && counts.failed.length === 0) outcome.failed.push('vitest ended with an error')
}

/** Nothing there means that vitest died before its end, which `add` counts as a failure. */
function readCounts(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return { passed: 0, failed: [], skipped: [] }
  }
}

function report() {
  for (const { name, reason } of outcome.skipped)
    process.stdout.write(` skipped: ${name}${reason ? ` (${reason})` : ''}\n`)
  for (const name of outcome.failed) process.stdout.write(` failed: ${name}\n`)
  const { passed, failed, skipped } = outcome
  process.stdout.write(`${passed} passed, ${failed.length} failed, ${skipped.length} skipped\n`)
  process.exitCode = failed.length > 0 ? 1 : 0
}
