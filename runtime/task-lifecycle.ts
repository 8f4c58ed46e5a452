// The life of a task, as a table of legal transitions.
//
//   CREATED ──▶ CLAIMING ──▶ RESTORING ──▶ RUNNING ──▶ SUSPENDED ──▶ CLOSED
//                  ▲ │           │            │             │
//                  │ └───────────┴────────────┴─────────────┘   fenced, corrupted or a new incarnation: claim again
//                  └──────────────────────────┘                 (or CLOSED, when the task is not ours any more)
import { assert } from '../core/assert.ts'

export type TaskState = 'CREATED' | 'CLAIMING' | 'RESTORING' | 'RUNNING' | 'SUSPENDED' | 'CLOSED'

const next: Readonly<Record<TaskState, readonly TaskState[]>> = {
  CREATED: ['CLAIMING', 'CLOSED'],
  CLAIMING: ['CLAIMING', 'RESTORING', 'CLOSED'],
  RESTORING: ['CLAIMING', 'RUNNING', 'CLOSED'],
  RUNNING: ['CLAIMING', 'SUSPENDED', 'CLOSED'],
  SUSPENDED: ['CLAIMING', 'CLOSED'],
  CLOSED: [],
}

export class TaskLifecycle {
  state: TaskState = 'CREATED'
  private readonly task: string

  constructor(task: string) {
    this.task = task
  }

  move(to: TaskState): void {
    assert(next[this.state].includes(to), `task ${this.task} cannot go from ${this.state} to ${to}`)
    this.state = to
  }
}
