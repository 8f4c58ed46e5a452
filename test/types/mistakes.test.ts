// Runs the compiler once over lines that must not compile (and some that must), and compares where it complains.
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const source = fileURLToPath(new URL('./mistakes/mistakes.ts', import.meta.url))

interface Line {
  readonly number: number
  readonly name: string
  readonly text: string
}

const lines = readFileSync(source, 'utf8').split('\n')
const marked = (mark: string): Line[] =>
  lines.flatMap((line, i) =>
    line.startsWith(mark) ? [{ number: i + 2, name: line.slice(mark.length), text: lines[i + 1] ?? '' }] : [],
  )
const errors = compilerErrors()
const mistakes = marked('//mistake ')
const fine = marked('//ok ')

describe('the compiler', () => {
  test.each(mistakes)('refuses $name', ({ number, text }) => {
    expect(errors.get(number) ?? [], text).not.toEqual([])
  })

  test.each(fine)('accepts $name', ({ number }) => {
    expect(errors.get(number) ?? []).toEqual([])
  })

  test('complains about nothing but the mistakes', () => {
    const known = new Set(mistakes.map(({ number }) => number))
    expect([...errors].filter(([number]) => !known.has(number))).toEqual([])
  })
})

/** Messages by line. */
function compilerErrors(): Map<number, string[]> {
  const tsc = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url))
  const { stdout } = spawnSync(tsc, ['-p', 'test/types/mistakes', '--pretty', 'false'], { cwd: root, encoding: 'utf8' })
  const found = new Map<number, string[]>()
  for (const [, line, message] of stdout.matchAll(/mistakes\.ts\((\d+),\d+\): error (.*)/g))
    found.set(Number(line), [...(found.get(Number(line)) ?? []), message ?? ''])
  return found
}
