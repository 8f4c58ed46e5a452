// `npm run chaos [-- --seed N --faults N --records N …]`: compiles, then hands its arguments to test/chaos/chaos.ts.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { fail, installMissing, root, run } from './prepare.mjs'

installMissing()
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc')
if (!run(process.execPath, [compiler, '-p', 'test/chaos/tsconfig.json', '--noCheck']).ok) fail('compiling failed')
process.setSourceMapsEnabled(true)
const compiled = join(root, 'node_modules', '.cache', 'millrace-chaos', 'test', 'chaos', 'chaos.js')
const { chaos } = await import(pathToFileURL(compiled).href)
await chaos(process.argv.slice(2))
