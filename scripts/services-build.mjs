// Compiles what starts the services of this machine and loads it.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, installMissing, root } from './prepare.mjs'

export async function loadServices() {
  installMissing()
  build('scripts/services.tsconfig.json', 'build/services', {
    files: ['tsconfig.json', 'tsconfig.build.json'],
    folders: ['core', 'cli', 'sinks', 'test/services'],
  })
  process.setSourceMapsEnabled(true)
  const compiled = join(root, 'build', 'services', 'test', 'services', 'native-services.js')
  return import(pathToFileURL(compiled).href)
}
