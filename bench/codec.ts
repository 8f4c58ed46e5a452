// What does the record batch codec cost per record? Encode, decode and checksum, for the record that performance.md budgets with.
import { isChecksumRight } from '../kafka/record-batch/checksum.ts'
import { RecordBatchWriter } from '../kafka/record-batch/record-batch-writer.ts'
import { RecordColumns, readRecordBatch } from '../kafka/record-batch/record-columns.ts'

const keyBytes = 12
const valueBytes = 253
const recordsPerBatch = 1000
const rounds = 5
const roundMs = 300

const source = Buffer.alloc(64 * 1024, 'San Francisco 311 ')
const stamp = { producerId: 1, epoch: 0, sequence: 0, isTransactional: true }

export async function run(): Promise<void> {
  const writer = new RecordBatchWriter(1024 * 1024)
  const columns = new RecordColumns()
  const batch = Buffer.from(encode(writer))
  report('encode', () => encode(writer))
  report('decode', () => readRecordBatch(batch, 0, columns))
  report('CRC alone', () => isChecksumRight(batch, 0, batch.length))
}

function encode(writer: RecordBatchWriter): Buffer {
  writer.reset()
  for (let i = 0; i < recordsPerBatch; i++) {
    const at = (i * 32) % 32_768
    writer.append(1_700_000_000_000 + i, source, at, at + keyBytes, source, at, at + valueBytes)
  }
  return writer.finish(stamp)
}

/** Runs `work`, which handles one batch, and prints the best of some rounds: others share the machine. */
function report(name: string, work: () => unknown): void {
  let best = 0
  for (let round = 0; round < rounds; round++) {
    const start = performance.now()
    let batches = 0
    while (performance.now() - start < roundMs) {
      work()
      batches++
    }
    best = Math.max(best, (batches * recordsPerBatch) / (performance.now() - start))
  }
  const perSecond = Math.round(best * 1000).toLocaleString('en-US')
  console.log(`${name.padEnd(10)} ${perSecond.padStart(12)} records/s  ${(1000 / best).toFixed(3)} µs a record`)
}
