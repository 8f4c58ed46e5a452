// A way through a byte table, some entries at a time.
import type { StartRange, StateWalk, VisitEntry, WalkStep } from '../backend.ts'
import { beginsWithin } from '../window-store.ts'
import type { ByteTable } from './byte-table.ts'
import { NOWHERE } from './hash-index.ts'

/** To pass an entry by costs as much less than to visit it. */
const PASSED_BY_A_VISIT = 16

export class TableWalk implements StateWalk {
  private readonly table: () => ByteTable | undefined
  private readonly starts: StartRange | undefined
  private begunIn: ByteTable | undefined
  private changes = 0
  private position: number | undefined

  /** The table may be another one at each step. */
  constructor(table: () => ByteTable | undefined, starts: StartRange | undefined) {
    this.table = table
    this.starts = starts
  }

  async next(most: number, visit: VisitEntry): Promise<WalkStep> {
    const table = this.table()
    if (table === undefined) return { looked: 0, isAtEnd: true }
    if (table !== this.begunIn || table.changes !== this.changes) this.position = undefined
    this.begunIn = table
    this.changes = table.changes
    const { starts } = this
    let visited = 0
    let looked = 0
    do {
      this.position = table.scan(
        (buffer, keyStart, keyEnd, valueStart, valueEnd) => {
          looked++
          if (starts !== undefined && !beginsWithin(starts, buffer, keyEnd)) return
          visited++
          visit(buffer.subarray(keyStart, keyEnd), buffer.subarray(valueStart, valueEnd))
        },
        Math.max(1, most - visited),
        this.position,
      )
    } while (this.position !== NOWHERE && visited + looked / PASSED_BY_A_VISIT < most)
    return { looked: visited + Math.ceil(looked / PASSED_BY_A_VISIT), isAtEnd: this.position === NOWHERE }
  }
}
