// `npm run bench:peers -- --driver DIR [--runs N] [--only SCENARIO,…]`: Kafka Streams and Millrace in turn under the driver of a comparison, each run
// on a fresh broker; the results go to bench/peer/results.jsonl and, as tables, to docs/benchmarks.md. `--render` only writes the tables again.
import { spawn } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { fail, root, run, say } from './prepare.mjs'
import { renderBenchmarks } from './render-benchmarks.mjs'

const resultsFile = join(root, 'bench', 'peer', 'results.jsonl')
const options = readOptions(process.argv.slice(2))
const driver = resolve(options.driver, 'bench')
const peers = [
  { name: 'kafka-streams', at: resolve(options.driver, 'kafka-streams'), gap: 75 },
  { name: 'millrace', at: join(root, 'bench', 'peer'), gap: 25 },
]

/** `gap`: seconds between two kills; a shorter one does where recovery is short. */
const scenarios = {
  throughput: () => ({ args: ['throughput', '--runs', options.runs] }),
  latency: () => ({ args: ['latency', '--runs', options.runs] }),
  recovery: ({ gap }) => ({ args: ['recovery', '--runs', options.runs, '--gap', gap] }),
  'recovery-6s': ({ gap }) => ({
    args: ['recovery', '--runs', options.runs, '--gap', Math.min(gap, 45)],
    env: { SESSION_TIMEOUT_MS: 6_000, INSTANCE_ID: 'none' },
  }),
}

if (!options.render) await measure()
writeFileSync(join(root, 'docs', 'benchmarks.md'), renderBenchmarks(readResults()))
say('wrote docs/benchmarks.md')

async function measure() {
  if (!existsSync(driver)) fail(`there is no driver at ${driver}; name its folder with --driver`)
  for (const scenario of options.only ?? Object.keys(scenarios)) {
    if (scenarios[scenario] === undefined)
      fail(`no such scenario: ${scenario}; there are ${Object.keys(scenarios).join(', ')}`)
    for (const peer of peers) {
      say(`${scenario}: ${peer.name}`)
      keep(scenario, peer.name, await drive(peer, scenarios[scenario](peer)))
    }
  }
}

/** One call of the driver; its JSON lines, the summaries last. */
async function drive({ name, at }, { args, env = {} }) {
  const environment = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, String(value)]))
  const child = spawn(driver, [at, ...args.map(String)], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
    process.stderr.write(chunk)
  })
  const code = await new Promise((done) => child.once('close', done))
  if (code !== 0) fail(`the driver ended with ${code} for ${name}`)
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

/** In place of what was measured before of this peer in this scenario. */
function keep(scenario, peer, lines) {
  const others = readResults().filter((line) => line.bench !== scenario || line.of !== peer)
  const commit = run('git', ['rev-parse', '--short', 'HEAD'], { to: 'caller' }).output.trim()
  const conditions = {
    bench: scenario,
    of: peer,
    date: new Date().toISOString().slice(0, 10),
    commit,
    machine: machine(),
  }
  const results = [...others, ...lines.map((line) => ({ ...conditions, ...line }))]
  writeFileSync(resultsFile, results.map((line) => `${JSON.stringify(line)}\n`).join(''))
}

function readResults() {
  if (!existsSync(resultsFile)) return []
  return readFileSync(resultsFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
}

function machine() {
  const processors = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  return `${processors.length} × ${processors[0]?.model.trim()}, ${memory}, ${process.platform}, Node ${process.version}`
}

function readOptions(args) {
  const after = (flag) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined)
  return {
    driver: after('--driver') ?? '../shared/peers',
    runs: Number(after('--runs') ?? 3),
    only: after('--only')?.split(','),
    render: args.includes('--render'),
  }
}
