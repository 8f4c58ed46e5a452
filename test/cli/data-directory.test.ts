import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { isDataDirectory, openDataDirectory } from '../../cli/data-directory.ts'
import { lockHolder } from '../../cli/directory-lock.ts'
import { processIdentity } from '../../cli/process-identity.ts'

let path: string
beforeEach(() => {
  path = join(mkdtempSync(join(tmpdir(), 'millrace-directory-')), 'data')
})
afterEach(() => rmSync(path, { recursive: true, force: true }))

const keep = { fresh: false }
const fresh = { fresh: true }

function lockFor(holder: unknown): void {
  openDataDirectory(path, keep).close()
  writeFileSync(join(path, 'lock'), JSON.stringify(holder))
}

test('is made when it is missing, and marked as ours', () => {
  openDataDirectory(path, keep).close()
  expect(isDataDirectory(path)).toBe(true)
  expect(readdirSync(path)).toEqual(['millrace.json'])
})

test('has one owner, who is told to the next with the address of its page', () => {
  const directory = openDataDirectory(path, keep)
  directory.publish('http://127.0.0.1:3110')
  expect(lockHolder(path)).toEqual({ ...processIdentity(process.pid), url: 'http://127.0.0.1:3110' })
  expect(() => openDataDirectory(path, keep)).toThrow(
    expect.objectContaining({
      exitCode: 3,
      message: `${path} is in use by process ${process.pid} (its page is http://127.0.0.1:3110); stop it, or choose another --data-dir`,
    }),
  )
  directory.close()
  expect(lockHolder(path)).toBeUndefined()
  openDataDirectory(path, keep).close()
})

test('is taken over from a process that was killed', async () => {
  const killed = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
  lockFor({ ...processIdentity(killed.pid ?? 0) })
  expect(() => openDataDirectory(path, keep)).toThrow('it is starting')
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  openDataDirectory(path, keep).close()
})

test('is taken over when another process has got the pid of the owner', () => {
  lockFor({ pid: process.pid, started: 'in another life' })
  openDataDirectory(path, keep).close()
})

test('is taken over when the lock cannot be read', () => {
  lockFor('torn')
  openDataDirectory(path, keep).close()
})

test('counts a run that is started again after it was killed or stopped as the same, until it is finished', () => {
  const started = openDataDirectory(path, keep)
  started.close()
  const again = openDataDirectory(path, keep)
  expect(again.run).toBe(started.run)
  again.finishRun()
  again.close()
  const next = openDataDirectory(path, keep)
  expect(next.run).toBe(started.run + 1)
  next.close()
  const anew = openDataDirectory(path, fresh)
  expect(anew.run).toBe(started.run)
  anew.close()
})

test('with --fresh loses what a run has left, and nothing else', () => {
  const directory = openDataDirectory(path, keep)
  for (const folder of [directory.log, directory.postgres, directory.members]) {
    mkdirSync(folder)
    writeFileSync(join(folder, 'file'), '')
  }
  writeFileSync(join(path, 'notes.txt'), 'mine')
  directory.close()
  openDataDirectory(path, fresh).close()
  expect(readdirSync(path).sort()).toEqual(['millrace.json', 'notes.txt'])
})

test('a folder with files of somebody else is left alone, with --fresh too', () => {
  mkdirSync(path)
  writeFileSync(join(path, 'thesis.txt'), 'mine')
  for (const how of [keep, fresh]) {
    expect(() => openDataDirectory(path, how)).toThrow(/holds files that are not Millrace's \(thesis\.txt\)/)
  }
  expect(readdirSync(path)).toEqual(['thesis.txt'])
})

test('a format of another version is refused, and cleared with --fresh', () => {
  mkdirSync(path)
  writeFileSync(join(path, 'millrace.json'), '{"format":99}')
  expect(() => openDataDirectory(path, keep)).toThrow('has format 99, and this version reads 1')
  expect(existsSync(join(path, 'lock'))).toBe(false)
  openDataDirectory(path, fresh).close()
  expect(JSON.parse(readFileSync(join(path, 'millrace.json'), 'utf8'))).toEqual({ format: 1 })
})
