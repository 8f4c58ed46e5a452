// `npm start`: installs, compiles and then becomes the program, in this process, so that its signals, output and exit code are the program's own.
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build, installMissing, root, sources } from './prepare.mjs'

installMissing()
build('tsconfig.build.json', 'dist', sources)

const program = join(root, 'dist', 'cities', 'main.js')
process.argv[1] = program
process.setSourceMapsEnabled(true)
await import(pathToFileURL(program).href)
