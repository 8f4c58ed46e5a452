// Records of a topic as people read them: decoded, as plain JSON. Who reads and decodes them is decided by whoever starts the server.

export interface TopicRecord {
  readonly partition: number
  readonly offset: number
  /** ms UTC. */
  readonly timestamp: number
  readonly key: unknown
  readonly value: unknown
  /** Why key or value stand there as text or base64 and not decoded. */
  readonly problem?: string
}

/** Where reading begins: next offset by partition, or one of the ends. */
export type ReadFrom = 'beginning' | 'end' | ReadonlyMap<number, number>

export interface TopicRequest {
  readonly topic: string
  readonly from: ReadFrom
  readonly limit: number
}

export interface TopicAnswer {
  readonly topic: string
  /** In the order of each partition. */
  readonly records: readonly TopicRecord[]
  /** Where to go on, as `formatPositions` writes it. */
  readonly next: string
}

/** Undefined when the application has no such topic. */
export type ReadTopic = (request: TopicRequest) => Promise<TopicAnswer | undefined>

/** `0:184,1:97` */
export function formatPositions(positions: ReadonlyMap<number, number>): string {
  return [...positions].map(([partition, offset]) => `${partition}:${offset}`).join(',')
}

/** Undefined when the text is none of the three. */
export function parseReadFrom(text: string): ReadFrom | undefined {
  if (text === 'beginning' || text === 'end') return text
  if (!/^\d+:\d+(,\d+:\d+)*$/.test(text)) return undefined
  return new Map(
    text
      .split(',')
      .map((pair) => pair.split(':').map(Number))
      .map(([partition = 0, offset = 0]) => [partition, offset]),
  )
}
