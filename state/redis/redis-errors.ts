// What an error of Redis, of its connection or of our scripts asks the engine to do.
import { Retriable, StateCorrupted, StreamsError, TaskFenced } from '../../core/errors.ts'

/** Redis cannot serve for the moment: starting, out of memory or disk, failing over. Servers before 7 put a script's error behind words of their own. */
const passing =
  /(^|: -)(LOADING|OOM|BUSY|MISCONF|READONLY|MASTERDOWN|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|ERR max number of clients)/
const refusing = /^(NOAUTH|WRONGPASS|NOPERM|DENIED)/

/** `of` says whose state it is, for people. */
export function asStreamsError(error: unknown, of: string): StreamsError {
  if (error instanceof StreamsError) return error
  const message = error instanceof Error ? error.message : String(error)
  if (!isReply(error))
    return new Retriable('redis_unavailable', `${of}: Redis does not answer: ${message}`, { cause: error })
  if (message.startsWith('FENCED'))
    return new TaskFenced('task_fenced', `${of} was claimed ${message.slice('FENCED '.length)}`)
  if (message.startsWith('MISMATCH'))
    return new StateCorrupted(
      'state_mismatch',
      `${of} is not at the place expected: ${message.slice('MISMATCH '.length)}`,
    )
  if (message.startsWith('MOVING'))
    return new Retriable('state_moving', `${of} is being flushed: it stands ${message.slice('MOVING '.length)}`)
  if (passing.test(message))
    return new Retriable('redis_unavailable', `${of}: Redis cannot serve now: ${message}`, { cause: error })
  if (refusing.test(message))
    return new StreamsError('redis_refused', `Redis refuses us: ${message}. Check user, password and permissions`, {
      cause: error,
    })
  return new StreamsError('redis_failed', `${of}: Redis answers ${message}`, { cause: error })
}

/** Everything else that a command fails with comes from the connection. */
function isReply(error: unknown): boolean {
  return error instanceof Error && error.name === 'ReplyError'
}
