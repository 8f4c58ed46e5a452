// Where an operator puts what it makes: the array of an output port, made on first use.
import type { StreamRecord } from '../core/stream-record.ts'
import type { Outputs } from './operator.ts'

export function port(outputs: Outputs, index = 0): StreamRecord[] {
  let records = outputs[index]
  if (records === undefined) {
    records = []
    outputs[index] = records
  }
  return records
}
