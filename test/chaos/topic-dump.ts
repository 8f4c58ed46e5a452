// What a topic holds for a committed reader that has nothing in common with ours: librdkafka, through kcat.
import { spawn } from 'node:child_process'

export interface DumpedRecord {
  readonly partition: number
  readonly offset: number
  readonly key: Buffer | undefined
  readonly value: Buffer | undefined
  /** As kcat prints them: `name=value,name=value`. */
  readonly headers: string
}

const END = '\n-- end --\n'
/** Lengths come first: keys and values are bytes. */
const FORMAT = `%p %o %K %S\\n%k%s%h${END.replaceAll('\n', '\\n')}`
const DUMP_MS_MAX = 120_000

/** Whether kcat is installed. */
export async function hasKcat(): Promise<boolean> {
  return output(['-V']).then(
    () => true,
    () => false,
  )
}

export async function dumpTopic(brokers: string, topic: string): Promise<DumpedRecord[]> {
  const options = ['-X', 'isolation.level=read_committed', '-X', 'check.crcs=true', '-o', 'beginning', '-e', '-q']
  const bytes = await output(['-C', '-b', brokers, '-t', topic, ...options, '-f', FORMAT])
  const records: DumpedRecord[] = []
  for (let at = 0; at < bytes.length; ) {
    const line = bytes.indexOf('\n', at)
    const [partition = 0, offset = 0, keyLength = 0, valueLength = 0] = bytes
      .toString('latin1', at, line)
      .split(' ')
      .map(Number)
    const valueAt = line + 1 + Math.max(0, keyLength)
    const headersAt = valueAt + Math.max(0, valueLength)
    const end = bytes.indexOf(END, headersAt)
    if (line < 0 || end < 0) throw new Error(`${topic}: what kcat printed ends in the middle of a record`)
    records.push({
      partition,
      offset,
      key: keyLength < 0 ? undefined : bytes.subarray(line + 1, valueAt),
      value: valueLength < 0 ? undefined : bytes.subarray(valueAt, headersAt),
      headers: bytes.toString('utf8', headersAt, end),
    })
    at = end + END.length
  }
  return records.sort((a, b) => a.partition - b.partition || a.offset - b.offset)
}

function output(parameters: readonly string[]): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const child = spawn('kcat', parameters, { stdio: ['ignore', 'pipe', 'pipe'], timeout: DUMP_MS_MAX })
    const chunks: Buffer[] = []
    let problem = ''
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => {
      problem += chunk
    })
    child.once('error', reject)
    child.once('close', (code) => {
      if (code === 0) resolve(Buffer.concat(chunks))
      else reject(new Error(`kcat ${parameters.join(' ')} ended with ${code}: ${problem.slice(-500)}`))
    })
  })
}
