import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const readme = read('../../README.md')

test.each(['bikes.ts', 'bikes.test.ts'])('the example of the README is %s, which runs', (file) => {
  const shown = read(file).replace('../../index.ts', 'millrace').replace('../../testing.ts', 'millrace/testing')
  expect(readme).toContain(`\`\`\`ts\n${shown}\`\`\``)
})

test('the first topology has fewer than 20 lines', () => {
  const lines = read('bikes.ts')
    .split('\n')
    .filter((line) => line !== '')
  expect(lines.length).toBeLessThan(20)
})

test('every file that the README links to is there', () => {
  for (const [, path = ''] of readme.matchAll(/\]\((?!https?:)([^)#]+)\)/g))
    expect(() => read(`../../${path}`), path).not.toThrow()
})
