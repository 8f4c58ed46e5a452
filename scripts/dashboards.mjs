// Writes grafana/dashboards from grafana/boards: `node scripts/dashboards.mjs`, after a board has changed. Grafana reads the JSON.
import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')

for (const file of readdirSync(join(root, 'grafana/boards'))) {
  const { default: board } = await import(`../grafana/boards/${file}`)
  const name = file.replace(/\.mjs$/, '.json')
  writeFileSync(join(root, 'grafana/dashboards', name), `${JSON.stringify(board, null, 2)}\n`)
}
execFileSync(join(root, 'node_modules/.bin/biome'), ['format', '--write', 'grafana/dashboards'], { cwd: root })
