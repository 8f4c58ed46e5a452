// What happens to an input that no window takes any more: counted, or a dead letter, as the windows' policy says.
import type { StreamRecord } from '../../core/stream-record.ts'
import type { TaskContext } from '../operator.ts'
import type { LatePolicy } from './lateness.ts'

export type Refusal = 'late' | 'expired' | 'after_idle'

const messages: Readonly<Record<Refusal, string>> = {
  late: 'the record came after its window had closed',
  expired: 'the record came after its window had stopped being corrected',
  after_idle: 'the record comes from an input that had been idle, and its window has closed without it',
}

export function refuse(
  { context, node }: { readonly context: TaskContext; readonly node: string },
  { late }: LatePolicy,
  record: StreamRecord,
  reason: Refusal,
): void {
  context.late(node, record.clock - record.timestamp)
  if (reason === 'late' && late === 'drop') context.count(node, 'late')
  else context.deadLetter(record, { node, reason, message: messages[reason] })
}
