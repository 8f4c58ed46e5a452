// `npm run services`: Kafka, a schema registry, Redis, Postgres and Prometheus on this machine, without Docker, until Ctrl-C. Their data stay in
// .millrace/services; what must be installed for them is brought by `npm run services:install`.
import { join } from 'node:path'
import { root } from './prepare.mjs'
import { loadServices } from './services-build.mjs'

const running = []
const stopping = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => {
    // Those that are children of ours are killed with us.
    if (stopping.signal.aborted) process.exit(1)
    stopping.abort()
  })

const { localServices, servicesDirectory } = await loadServices()
const directory = await servicesDirectory(join(root, '.millrace'))
const services = localServices(directory, join(root, 'grafana', 'prometheus'))
for (const service of services) await start(service)
if (running.length === 0) process.exitCode = 1
else if (!stopping.signal.aborted) await untilStopped()
await stopAll()

async function start({ name, flag, start }) {
  if (stopping.signal.aborted) return
  const startedAt = Date.now()
  try {
    const service = await start()
    running.push({ name, flag, ...service })
    line('✓', name, `${service.address}  (${((Date.now() - startedAt) / 1000).toFixed(1)} s)`)
  } catch (error) {
    process.exitCode = 1
    line('✗', name, `${error.message.trim().split('\n')[0]}; npm run services:install brings what is missing`)
  }
}

async function untilStopped() {
  const flags = running.filter(({ flag }) => flag !== undefined).map(({ flag, address }) => `${flag} ${address}`)
  console.log(`\n  Data in ${directory}. Ctrl-C stops all of them. The application on them:\n`)
  console.log(`  npm start -- ${flags.join(' ')}\n`)
  // A listener alone does not keep the process alive.
  const alive = setInterval(() => {}, 60_000)
  await new Promise((resolve) => stopping.signal.addEventListener('abort', resolve, { once: true }))
  clearInterval(alive)
}

/** The last one first: what others stand on outlives them. */
async function stopAll() {
  for (const { name, stop } of running.reverse()) {
    try {
      await stop()
      line('–', name, 'stopped')
    } catch (error) {
      process.exitCode = 1
      line('✗', name, `does not stop: ${error.message}`)
    }
  }
}

function line(sign, name, text) {
  console.log(`  ${sign} ${name.padEnd(16)} ${text}`)
}
