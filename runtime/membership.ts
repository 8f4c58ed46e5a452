// Which tasks a worker may run: told by a consumer group, or fixed (one worker alone, tests, the simulator).
import type { TaskId } from '../core/topic-partition.ts'
import type { GroupMetadata } from '../kafka/cluster.ts'

export interface Membership {
  /** The tasks assigned now; the same array until it changes. */
  assigned(): readonly TaskId[]
  /** Calls `listener` whenever `assigned` is new. */
  onChange(listener: () => void): void
  /** Whether a living member had the task when it was assigned to us: it is about to release it. */
  isHandedOver(task: TaskId): boolean
  /** What goes with committed positions. */
  metadata(): GroupMetadata
  /** Whether the group still knows us: asked before a new incarnation. */
  confirmed(): Promise<boolean>
  leave(): Promise<void>
}

export function fixedMembership(group: string, tasks: readonly TaskId[]): Membership {
  return {
    assigned: () => tasks,
    onChange: () => {},
    isHandedOver: () => false,
    metadata: () => ({ group, generation: -1, memberId: '' }),
    confirmed: async () => true,
    leave: async () => {},
  }
}
