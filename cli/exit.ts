// How a command ends early: an error whose message is for the person at the terminal, and the exit code that scripts read.

/** 0 done · 1 failed · 2 wrong usage · 3 a condition is not met · 4 the input is mostly bad · 5 gave up at a deadline. */
export type ExitCode = 0 | 1 | 2 | 3 | 4 | 5

export class CommandError extends Error {
  override readonly name = 'CommandError'
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.exitCode = exitCode
  }
}

export function usageError(message: string): CommandError {
  return new CommandError(2, message)
}
