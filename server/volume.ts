// The volume question: how many cases were opened and closed, per neighborhood and hour. Who answers it is decided by the application.

export interface VolumeQuery {
  /** Of the windows' starts, ms UTC: from inclusive, to exclusive; undefined is unbounded. */
  readonly from: number | undefined
  readonly to: number | undefined
  /** Undefined means all. */
  readonly neighborhood: string | undefined
  readonly limit: number
}

export interface VolumeRow {
  readonly neighborhood: string
  /** Start of the window, ms UTC. */
  readonly at: number
  readonly opened: number
  readonly closed: number
  readonly status: 'provisional' | 'final' | 'corrected'
}
