// Alerts: promtool proves that each fires for its reason; here also that their metrics exist and that each has a runbook.
import { execFile } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeEach, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { flagOf, optionNames } from '../../cli/options.ts'
import { ManualClock } from '../../core/clock.ts'
import { sampleServer } from '../server/sample-server.ts'
import { mistakesIn, read, root } from './expressions.ts'

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly labels: { readonly severity: string }
  readonly annotations: { readonly summary: string; readonly description: string; readonly runbook_url: string }
}

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[]
}

const run = promisify(execFile)
const { groups }: { groups: { rules: Rule[] }[] } = parse(read('grafana/prometheus/rules.yml'))
const rules = groups.flatMap((group) => group.rules)

describe.each(rules.map((rule) => [rule.alert, rule] as const))('%s', (name, { expr, labels, annotations }) => {
  test('watches metrics that exist, of live applications', () => {
    expect(mistakesIn(expr)).toEqual([])
    const selectors = [...expr.matchAll(/(\w+)\{([^}]*)\}/g)].filter(([, metric]) => metric !== 'up')
    expect(selectors.filter(([, , inside]) => !inside?.includes('mode="live"'))).toEqual([])
  })

  test('says who is woken, why, and what to do', () => {
    expect(['page', 'ticket']).toContain(labels.severity)
    expect(annotations.summary).not.toBe('')
    expect(annotations.description).not.toBe('')
    expect(annotations.runbook_url).toBe(`docs/operations.md#${name.toLowerCase()}`)
  })

  test('has a runbook', () => {
    const runbook = read('docs/operations.md').split(`\n### ${name}\n`)[1]?.split('\n### ')[0] ?? ''
    for (const part of ['**Meaning**', '**Impact**', '**Look**', '**Do**']) expect(runbook).toContain(part)
  })
})

test('there is no runbook without an alert', () => {
  const runbooks = read('docs/operations.md').split('\n## Runbooks\n')[1] ?? ''
  const titles = [...runbooks.matchAll(/^### (\S+)$/gm)].map(([, title]) => title)
  expect(titles).toEqual(rules.map(({ alert }) => alert))
})

describe('the operations page', () => {
  const page = read('docs/operations.md')

  test('names options and variables that the program has', () => {
    const flags = [...page.matchAll(/npm start -- [^`]*|`(--[a-z-]+)/g)].flatMap(
      ([text]) => text.match(/--[a-z]+[a-z-]*/g) ?? [],
    )
    const known = [...optionNames.map(flagOf), '--help']
    expect(flags.length).toBeGreaterThan(5)
    expect(flags.filter((flag) => !known.includes(flag))).toEqual([])
  })

  test('names paths that the server has', async () => {
    const server = sampleServer(new ManualClock(Date.UTC(2026, 0, 2)))
    const paths = new Set([...page.matchAll(/127\.0\.0\.1:3110(\/[\w/%.-]+)/g)].map(([, path = '']) => path))
    const answers = await Promise.all([...paths].map(async (path) => [path, (await server.inject(path)).body] as const))
    expect(answers.filter(([, body]) => body.includes('there is nothing here'))).toEqual([])
  })
})

describe('promtool', () => {
  beforeEach(async (context) => {
    if (process.env.CI === 'true') return
    const installed = await promtool(['--version']).then(
      () => true,
      () => false,
    )
    context.skip(!installed, 'promtool is not installed')
  })

  test.each([
    ['knows every setting of prometheus.yml', ['check', 'config', 'prometheus.yml']],
    ['reads every rule', ['check', 'rules', 'rules.yml']],
    ['sees each alert fire for its reason, and none without one', ['test', 'rules', 'rules.test.yml']],
  ])('%s', async (_, parameters) => {
    await promtool(parameters)
  })

  test('reads every expression of the dashboards', async () => {
    const files = readdirSync(join(root, 'grafana/dashboards'))
    const dashboards = files.map((file): Dashboard => JSON.parse(read(join('grafana/dashboards', file))))
    const expressions = dashboards
      .flatMap(({ panels }) => panels)
      .flatMap(({ targets }) => targets.map(({ expr }) => withoutVariables(expr)))
    const recorded = expressions.map((expr, i) => ({ record: `panel:${i}`, expr }))
    const directory = await mkdtemp(join(tmpdir(), 'millrace-test-panels-'))
    await writeFile(join(directory, 'panels.json'), JSON.stringify({ groups: [{ name: 'panels', rules: recorded }] }))
    await promtool(['check', 'rules', join(directory, 'panels.json')])
    await rm(directory, { recursive: true })
  })
})

function promtool(parameters: readonly string[]) {
  return run('promtool', [...parameters], { cwd: join(root, 'grafana', 'prometheus') })
}

/** As Grafana would send it. */
function withoutVariables(expression: string): string {
  return expression.replaceAll('$__rate_interval', '1m').replaceAll(/\$\w+/g, 'any')
}
