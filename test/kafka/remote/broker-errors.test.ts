import { expect, test } from 'vitest'
import { Retriable } from '../../../core/errors.ts'
import { brokerError } from '../../../kafka/remote/broker-errors.ts'

test.each([
  [-1, 'unknown_server_error', true],
  [6, 'not_leader_or_follower', true],
  [29, 'topic_authorization_failed', false],
  [12345, 'kafka_error_12345', false],
])('%i is %s; asking again may help: %s', (number, code, isPassing) => {
  const error = brokerError(number, 'Fetch')
  expect(error).toMatchObject({ code, message: `Fetch was answered with ${code} (${number})` })
  expect(error instanceof Retriable).toBe(isPassing)
})
