// Who may import whom, how long files may be and what they may not be called: read from the tree, so that a new file is under the rules from its first day.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { builtinModules } from 'node:module'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What each folder may import beside itself. `*`: everything but `cities`. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  core: [],
  metrics: ['core'],
  serdes: ['core'],
  kafka: ['core', 'metrics'],
  state: ['core', 'serdes', 'metrics'],
  processors: ['core', 'state'],
  sinks: ['core', 'serdes', 'kafka', 'metrics'],
  topology: ['core', 'serdes', 'state', 'processors', 'sinks'],
  runtime: ['core', 'serdes', 'state', 'processors', 'sinks', 'kafka', 'metrics', 'topology'],
  server: ['core', 'metrics', 'topology', 'runtime'],
  cli: ['*'],
  cities: ['index.ts', 'cli', 'core'],
  'index.ts': ['*'],
  'testing.ts': ['*'],
}

/** Contracts that may be imported where their folder may not: types only, so that nothing of them is there at run time. */
const typesOnly: Readonly<Record<string, readonly string[]>> = {
  topology: ['kafka/cluster.ts'],
  state: ['kafka/cluster.ts'],
  processors: ['kafka/cluster.ts'],
}

/** Folders inside a folder that may import more. The ingest is a producer: it writes to the log through the engine's own contracts. */
const allowedInside: Readonly<Record<string, readonly string[]>> = {
  'cities/ingest': ['kafka', 'serdes'],
}

const LINES_MAX = 400
const forbiddenNames = /(^|[-.])(utils?|helpers?|common|misc|manager|impl)([-.]|$)/

interface Import {
  readonly file: string
  readonly specifier: string
  /** Path in the repository; undefined: a package. */
  readonly target: string | undefined
  readonly isTypeOnly: boolean
}

const files = sourceFiles(root).map((path) => relative(root, path).split(sep).join('/'))
const imports = files.flatMap(importsOf)

describe('the architecture', () => {
  test('a folder imports only the folders that the table allows', () => {
    const violations = imports
      .filter((one) => !isAllowed(one))
      .map(({ file, specifier }) => `${file} imports ${specifier}`)
    expect(violations).toEqual([])
  })

  test('a package is imported in one folder of the product', () => {
    const folders = new Map<string, Set<string>>()
    for (const { file, specifier, target, isTypeOnly } of imports) {
      if (target !== undefined || isBuiltin(specifier) || isTypeOnly || allowed[areaOf(file)] === undefined) continue
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/')
      folders.set(name, (folders.get(name) ?? new Set()).add(dirname(file)))
    }
    const scattered = [...folders]
      .filter(([, where]) => where.size > 1)
      .map(([name, where]) => `${name}: ${[...where].join(', ')}`)
    expect(scattered).toEqual([])
  })

  test('topology and processors need no package at all, core only the checksum', () => {
    const inner = imports.filter(({ file }) => /^(core|topology|processors)\//.test(file))
    const packages = inner.filter(
      ({ file, specifier, target }) => target === undefined && !isBuiltin(specifier) && file !== 'core/crc.ts',
    )
    expect(packages.map(({ file, specifier }) => `${file} imports ${specifier}`)).toEqual([])
  })

  test('no file imports itself in a circle', () => {
    expect(cycles()).toEqual([])
  })

  test(`no file has more than ${LINES_MAX} lines`, () => {
    const long = files
      .map((file) => ({ file, lines: read(file).split('\n').length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX)
    expect(long.map(({ file, lines }) => `${file} has ${lines} lines`)).toEqual([])
  })

  test('files are named after one idea, in kebab-case', () => {
    const names = files.map((file) => ({ file, name: (file.split('/').pop() ?? '').replace(/\.(test|d)?\.?ts$/, '') }))
    const bad = names.filter(({ name }) => forbiddenNames.test(name) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name))
    expect(bad.map(({ file }) => file)).toEqual([])
  })

  test('every file begins with a sentence about what it owns', () => {
    const bare = files.filter((file) => !file.endsWith('.d.ts') && !/^(#!.*\n)?(\/\/|\/\*)/.test(read(file)))
    expect(bare.filter((file) => !file.startsWith('test/'))).toEqual([])
  })
})

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    if (name.startsWith('.') || ['node_modules', 'dist', 'data', 'mistakes', 'vitest.config.ts'].includes(name))
      return []
    const path = join(folder, name)
    if (statSync(path).isDirectory()) return sourceFiles(path)
    return path.endsWith('.ts') ? [path] : []
  })
}

function read(file: string): string {
  return readFileSync(join(root, file), 'utf8')
}

function importsOf(file: string): Import[] {
  const statements = /^\s*(?:import|export)\s+(type\s)?(?:([^'";]*?)\sfrom\s+)?'([^']+)'|\bimport\('([^']+)'\)/gm
  return [...read(file).matchAll(statements)].map(([, type, names = '', from = '', dynamic]) => {
    const specifier = dynamic ?? from
    const target = specifier.startsWith('.')
      ? relative(root, resolve(root, dirname(file), specifier))
          .split(sep)
          .join('/')
      : undefined
    return { file, specifier, target, isTypeOnly: type !== undefined || hasOnlyTypes(names) }
  })
}

function hasOnlyTypes(names: string): boolean {
  const parts = names
    .replace(/[{}]/g, '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return parts.length > 0 && parts.every((name) => name.startsWith('type '))
}

/** The folder at the root, or the file itself where it stands there. */
function areaOf(file: string): string {
  return file.split('/')[0] ?? file
}

function isAllowed({ file, target, isTypeOnly }: Import): boolean {
  const from = areaOf(file)
  const rules = allowed[from]
  if (target === undefined || rules === undefined) return true
  const to = areaOf(target)
  if (to === from) return true
  if (rules.includes('*')) return to !== 'cities'
  if (Object.entries(allowedInside).some(([folder, more]) => file.startsWith(`${folder}/`) && more.includes(to)))
    return true
  return rules.includes(to) || (isTypeOnly && (typesOnly[from] ?? []).includes(target))
}

function isBuiltin(specifier: string): boolean {
  return specifier.startsWith('node:') || builtinModules.includes(specifier)
}

/** Circles of imports that exist at run time, each as the files on the way. */
function cycles(): string[] {
  const edges = new Map<string, string[]>()
  for (const { file, target, isTypeOnly } of imports)
    if (target !== undefined && !isTypeOnly) edges.set(file, [...(edges.get(file) ?? []), target])
  const done = new Set<string>()
  const found: string[] = []
  const visit = (file: string, way: readonly string[]) => {
    if (way.includes(file)) found.push([...way.slice(way.indexOf(file)), file].join(' → '))
    if (way.includes(file) || done.has(file)) return
    for (const next of edges.get(file) ?? []) visit(next, [...way, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
  return found
}
