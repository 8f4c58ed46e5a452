// Random values for requests and answers, each in our words and in those of Kafka's definitions, and what the cases of this folder are made of.
import fc, { type Arbitrary } from 'fast-check'
import { decodeAnswer } from '../../../../kafka/remote/exchange.ts'
import type { Message } from '../../../../kafka/remote/messages/message.ts'
import type { WireObject, WireValue } from './message-definitions.ts'

interface Judge {
  request<Request>(message: Message<Request, unknown>, request: Request, onWire: WireObject): void
  answer<Answer>(message: Message<never, Answer>, answer: Answer, onWire: WireObject): void
}

export interface MessageCase {
  readonly name: string
  readonly key: number
  readonly version: number
  check(judge: Judge): void
  decode(body: Buffer): unknown
}

/** A value of ours and the same one in Kafka's words. */
interface Pair<Value> {
  readonly ours: Value
  readonly onWire: WireObject
}

export function messageCase<Request, Answer>(
  message: Message<Request, Answer>,
  requests: Arbitrary<Pair<Request>>,
  answers: Arbitrary<Pair<Answer>>,
): MessageCase {
  const { name, key, version } = message
  const check = (judge: Judge) => {
    fc.assert(
      fc.property(requests, ({ ours, onWire }) => judge.request(message, ours, onWire)),
      { numRuns: 60 },
    )
    fc.assert(
      fc.property(answers, ({ ours, onWire }) => judge.answer(message, ours, onWire)),
      { numRuns: 60 },
    )
  }
  return { name, key, version, check, decode: (body) => decodeAnswer(message, body) }
}

// ---- values

export const text = fc.oneof(fc.string({ maxLength: 20 }), fc.constant('naïve 🌁'.repeat(20)))
export const optionalText = fc.option(text, { nil: undefined })
export const int16 = fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 })
export const int32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 })
export const int64 = fc.maxSafeInteger()
export const bytes = fc
  .oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(new Uint8Array(3000)))
  .map((some) => Buffer.from(some))
export const isolationLevel = fc.constantFrom(0 as const, 1 as const)
export const uuid = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((some) => Buffer.from(some).toString('base64url'))
export const throttleTimeMs = 7
/** A tagged field that newer brokers add and we leave unread. */
export const currentLeader = { leaderId: 3, leaderEpoch: 9 }

export const orNull = (value: string | undefined) => value ?? null

export function pairs<Value>(values: Arbitrary<Value>, onWire: (value: Value) => WireObject): Arbitrary<Pair<Value>> {
  return values.map((ours) => ({ ours, onWire: onWire(ours) }))
}

interface Topic<Item> {
  readonly topic: string
  readonly items: readonly Item[]
}

/** Items under distinct topics, each topic with at least one. */
export function underTopics<Item>(item: Arbitrary<Item>): Arbitrary<readonly Topic<Item>[]> {
  const topics = fc.record({ topic: text, items: fc.array(item, { minLength: 1, maxLength: 3 }) })
  return fc.uniqueArray(topics, { maxLength: 3, selector: ({ topic }) => topic })
}

export const flat = <Item extends object>(topics: readonly Topic<Item>[]): (Item & { readonly topic: string })[] =>
  topics.flatMap(({ topic, items }) => items.map((item) => ({ topic, ...item })))

export function wireTopics<Item>(
  topics: readonly Topic<Item>[],
  names: { readonly topic: string; readonly items: string },
  onWire: (item: Item) => WireValue,
): WireObject[] {
  return topics.map(({ topic, items }) => ({ [names.topic]: topic, [names.items]: items.map(onWire) }))
}

export const plainNames = { topic: 'name', items: 'partitions' }
export const place = fc.record({ partition: int32 })
export const result = fc.record({ partition: int32, errorCode: int16 })
export const position = fc.record({ partition: int32, offset: int64 })
export const producer = fc.record({ transactionalId: text, producerId: int64, producerEpoch: int16 })
export const member = fc.record({ groupId: text, generationId: int32, memberId: text, groupInstanceId: optionalText })

export const wirePosition = ({ partition, offset }: { partition: number; offset: number }) => ({
  partitionIndex: partition,
  committedOffset: offset,
})
export const wireResult = ({ partition, errorCode }: { partition: number; errorCode: number }) => ({
  partitionIndex: partition,
  errorCode,
})

export const resultsByTopic = underTopics(result).map((topics) => ({
  ours: flat(topics),
  onWire: { throttleTimeMs, topics: wireTopics(topics, plainNames, wireResult) },
}))
export const errorOnly = pairs(fc.record({ errorCode: int16 }), ({ errorCode }) => ({ throttleTimeMs, errorCode }))
