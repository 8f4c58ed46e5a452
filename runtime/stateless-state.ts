// The state of a task that has none: sink tasks run operators, but no stores.
import { AssertionError } from '../core/assert.ts'
import type { TaskState } from '../state/backend.ts'

function none(): never {
  throw new AssertionError('a sink sub-topology has no state')
}

export const statelessState: TaskState = {
  isResident: true,
  checkpoint: none,
  claim: none,
  wipe: none,
  load: none,
  get: none,
  apply: none,
  walk: none,
  entries: none,
  bytes: none,
  close: async () => {},
}
