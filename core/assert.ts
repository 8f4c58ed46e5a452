// Assertions: a bug stops the worker at once, before it can write something wrong.

export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message)
}

/** For the end of an exhaustive switch. */
export function never(value: never): never {
  throw new AssertionError(`unexpected ${JSON.stringify(value)}`)
}
