// The two streams a program writes to, so that a test can take the place of a terminal.

export interface Terminal {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}
