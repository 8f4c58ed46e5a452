import fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { decodeAnswer, encodeRequest } from '../../../../kafka/remote/exchange.ts'
import { kafkaJars } from '../../../services/kafka/class-path.ts'
import { groupsMessages } from './groups-messages.ts'
import type { MessageCase } from './message-values.ts'
import { readingMessages } from './reading-messages.ts'
import { transactionsMessages } from './transactions-messages.ts'

const messageCases = [...readingMessages, ...transactionsMessages, ...groupsMessages]

import { MessageDefinitions } from './message-definitions.ts'

describe('every request and answer is byte for byte what Kafka defines', () => {
  let definitions: MessageDefinitions | undefined
  let reason = ''
  beforeAll(async () => {
    try {
      const jar = (await kafkaJars()).find((path) => /kafka-clients-[^/\\]*\.jar$/.test(path))
      if (jar === undefined) throw new Error('there is no kafka-clients among the jars')
      definitions = new MessageDefinitions(jar)
    } catch (error) {
      if (process.env.CI === 'true') throw error
      reason = `no message definitions: ${error instanceof Error ? error.message : String(error)}`
    }
  }, 300_000)
  beforeEach((context) => {
    context.skip(definitions === undefined, reason)
  })

  test.each(messageCases.map((one) => [`${one.name} ${one.version}`, one] as const))('%s', (_, one) => {
    if (definitions !== undefined) holds(one, definitions)
  })
})

function holds({ name, version, key, check }: MessageCase, definitions: MessageDefinitions): void {
  expect(key).toBe(definitions.apiKey(name))
  check({
    request(message, request, onWire) {
      // The body comes behind the tag section of the request's header.
      const expected = Buffer.concat([Buffer.of(0), definitions.encode(`${name}Request`, version, onWire)])
      expect(Buffer.concat(encodeRequest(message, request)).toString('hex')).toBe(expected.toString('hex'))
    },
    answer(message, answer, onWire) {
      const body = definitions.encode(`${name}Response`, version, onWire)
      const header = name === 'ApiVersions' ? [] : [Buffer.of(0)]
      expect(decodeAnswer(message, Buffer.concat([...header, body]))).toEqual(answer)
    },
  })
}

test('an answer that is cut off or too long is refused', () => {
  const [one] = messageCases
  expect(one).toBeDefined()
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 3 }), (bytes) => {
      expect(() => one?.decode(Buffer.from(bytes))).toThrow(/protocol|cannot read/)
    }),
  )
})
