// Reads text files out of a jar, which is a zip file: enough for Kafka's own, without any package.
import { readFileSync } from 'node:fs'
import { inflateRawSync } from 'node:zlib'

const endSignature = 0x06054b50
const endBytes = 22

/** Content by name, of the entries whose name begins with `prefix`. */
export function jarEntries(path: string, prefix: string): Map<string, string> {
  const jar = readFileSync(path)
  const end = endOfDirectory(jar)
  const entries = new Map<string, string>()
  let at = jar.readUInt32LE(end + 16)
  for (let left = jar.readUInt16LE(end + 10); left > 0; left--) {
    const nameBytes = jar.readUInt16LE(at + 28)
    const name = jar.toString('utf8', at + 46, at + 46 + nameBytes)
    if (name.startsWith(prefix) && !name.endsWith('/')) entries.set(name, contentOf(jar, at))
    at += 46 + nameBytes + jar.readUInt16LE(at + 30) + jar.readUInt16LE(at + 32)
  }
  return entries
}

function endOfDirectory(jar: Buffer): number {
  for (let at = jar.length - endBytes; at >= 0; at--) if (jar.readUInt32LE(at) === endSignature) return at
  throw new Error('this is no zip file')
}

function contentOf(jar: Buffer, entry: number): string {
  const isDeflated = jar.readUInt16LE(entry + 10) === 8
  const bytes = jar.readUInt32LE(entry + 20)
  const local = jar.readUInt32LE(entry + 42)
  const start = local + 30 + jar.readUInt16LE(local + 26) + jar.readUInt16LE(local + 28)
  const stored = jar.subarray(start, start + bytes)
  return (isDeflated ? inflateRawSync(stored) : stored).toString()
}
