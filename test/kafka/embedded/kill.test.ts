import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../../core/clock.ts'
import { seededRandom } from '../../../core/random.ts'
import { openEmbeddedCluster } from '../../../kafka/embedded/embedded-cluster.ts'
import { Trial } from '../../conformance/cluster/trial.ts'

const rounds = 5
const root = resolve(import.meta.dirname, '../../..')
// Below the repository, so that the compiled child finds its packages.
const compiled = join(root, 'node_modules/.cache/kill-test')
const directory = mkdtempSync(join(tmpdir(), 'millrace-kill-'))

beforeAll(() => {
  mkdirSync(compiled, { recursive: true })
  const config = {
    extends: join(root, 'tsconfig.json'),
    compilerOptions: { noEmit: false, outDir: compiled, rootDir: root, typeRoots: [join(root, 'node_modules/@types')] },
    include: [],
    files: [join(root, 'core/node-buffer.d.ts'), join(root, 'test/kafka/embedded/kill-child.ts')],
  }
  writeFileSync(join(compiled, 'tsconfig.json'), JSON.stringify(config))
  writeFileSync(join(compiled, 'package.json'), '{ "type": "module" }')
  const built = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', compiled])
  expect(built.status, built.stdout.toString()).toBe(0)
})

afterAll(() => rmSync(directory, { recursive: true }))

test('loses nothing it has answered, and tears no transaction, when its process is killed again and again', async () => {
  let next = 0
  for (let round = 0; round < rounds; round++) {
    const answered = await runAndKill(next, 20 + 37 * round)
    const cluster = await openEmbeddedCluster({ directory, clock: systemClock, random: seededRandom(round) })
    const trial = new Trial({ cluster, close: async () => {} }, 'trial')
    const [first, ...others] = await Promise.all(
      [0, 1, 2].map((partition) => trial.values('read_committed', partition)),
    )
    for (const values of others) expect(values).toEqual(first)
    const last = (first?.length ?? 0) - 1
    expect(first).toEqual(Array.from({ length: last + 1 }, (_, i) => `t${i}`))
    expect(last).toBeGreaterThanOrEqual(answered)
    expect(await cluster.admin.committed('g', [{ topic: 'trial', partition: 0 }])).toEqual([last])
    await cluster.close()
    next = last + 1
  }
})

/** Starts the child at transaction `first` and kills it after `lines` answers; returns the last transaction it answered. */
function runAndKill(first: number, lines: number): Promise<number> {
  const child = spawn(
    process.execPath,
    [join(compiled, 'test/kafka/embedded/kill-child.js'), directory, String(first)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let output = ''
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString()
    if (output.split('\n').length > lines) child.kill('SIGKILL')
  })
  return new Promise((done) => {
    child.on('close', () => done(Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1))))
  })
}
