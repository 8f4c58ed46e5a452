// One request and its answer over one connection.
import type { Link } from './connection.ts'
import type { Message } from './messages/message.ts'
import { WireReader } from './messages/wire-reader.ts'
import { WireWriter } from './messages/wire-writer.ts'

const apiVersionsKey = 18

export async function exchange<Request, Answer>(
  link: Link,
  message: Message<Request, Answer>,
  request: Request,
  timeoutMs?: number,
): Promise<Answer> {
  const body = await link.send(message, encodeRequest(message, request), timeoutMs)
  return decodeAnswer(message, body)
}

/** With the empty tag section in front that ends the request's header. */
export function encodeRequest<Request>(message: Message<Request, unknown>, request: Request): readonly Buffer[] {
  const out = new WireWriter()
  out.noTags()
  message.write(request, out)
  return out.parts()
}

/** From behind the correlation id on. */
export function decodeAnswer<Answer>(message: Message<never, Answer>, body: Buffer): Answer {
  const reader = new WireReader(body)
  // Whoever asks for versions cannot know yet which header the broker has: it has the oldest, for ever.
  if (message.key !== apiVersionsKey) reader.skipTags()
  const answer = message.read(reader)
  reader.end()
  return answer
}
