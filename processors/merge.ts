// merge: what comes from several streams goes on as one.
import type { Batch, Operator, Outputs } from './operator.ts'
import { port } from './outputs.ts'

export class Merge implements Operator {
  process(batch: Batch, outputs: Outputs): void {
    const out = port(outputs)
    for (const record of batch) out.push(record)
  }
}
