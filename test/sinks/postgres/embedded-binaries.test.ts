import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { restoreLinks } from '../../../sinks/postgres/embedded-binaries.ts'

test('restores the links that the package lists: those that are missing and those that lead nowhere', async () => {
  const root = await mkdtemp(join(tmpdir(), 'millrace-links-'))
  try {
    const native = join(root, 'native')
    await mkdir(join(native, 'lib'), { recursive: true })
    await writeFile(join(native, 'lib', 'libpq.so.5.18'), 'a library')
    await symlink('libpq.so.5.17', join(native, 'lib', 'libpq.so'))
    const links = ['libpq.so', 'libpq.so.5'].map((name) => ({
      source: 'native/lib/libpq.so.5.18',
      target: `native/lib/${name}`,
    }))
    await writeFile(join(native, 'pg-symlinks.json'), JSON.stringify(links))
    await restoreLinks(native)
    await restoreLinks(native)
    expect(await readFile(join(native, 'lib', 'libpq.so'), 'utf8')).toBe('a library')
    expect(await readFile(join(native, 'lib', 'libpq.so.5'), 'utf8')).toBe('a library')
  } finally {
    await rm(root, { recursive: true })
  }
})
