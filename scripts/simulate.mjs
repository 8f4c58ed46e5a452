// `npm run simulate [-- --seed N --runs N …]`: compiles, then hands its arguments to test/simulation/simulate.ts, which exports `simulate(args): Promise<void>`.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, installMissing, root, sources } from './prepare.mjs'

installMissing()
build('tsconfig.bench.json', 'build', { ...sources, folders: [...sources.folders, 'bench', 'test'] })
process.setSourceMapsEnabled(true)
const { simulate } = await import(pathToFileURL(join(root, 'build', 'test', 'simulation', 'simulate.js')).href)
await simulate(process.argv.slice(2))
