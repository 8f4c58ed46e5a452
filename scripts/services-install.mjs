// `npm run services:install`: what `npm run services` needs beyond npm: system packages through apt-get, Kafka and the registry through Maven.
import { fail, run, say } from './prepare.mjs'
import { loadServices } from './services-build.mjs'

const packages = {
  java: 'default-jre-headless',
  mvn: 'maven',
  'redis-server': 'redis-server',
  prometheus: 'prometheus',
}

const missing = Object.entries(packages).filter(([command]) => !isInstalled(command))
if (missing.length > 0) install(missing.map(([, name]) => name))
say('fetching Kafka and the schema registry through Maven, unless they are here')
const { fetchPrograms } = await loadServices()
await fetchPrograms()
say('everything that npm run services needs is here')

function isInstalled(command) {
  return run('sh', ['-c', `command -v ${command}`], { to: 'caller' }).ok
}

function install(names) {
  if (!isInstalled('apt-get')) fail(`please install ${names.join(', ')}: only apt-get is known here`)
  const isRoot = process.getuid?.() === 0
  const aptGet = (...args) => run(isRoot ? 'apt-get' : 'sudo', isRoot ? args : ['apt-get', ...args])
  say(`installing ${names.join(', ')} (apt-get)`)
  const isDone = aptGet('update', '-qq').ok && aptGet('install', '-y', '-qq', '--no-install-recommends', ...names).ok
  if (!isDone) fail('apt-get failed; its messages are above')
}
