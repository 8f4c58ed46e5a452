// An input of an aggregate with the result just after it was counted: what joinInput works on.

export class InputResult<I, A> {
  readonly input: I
  /** Undefined: there is no such result (any more). */
  readonly result: A | undefined

  constructor(input: I, result: A | undefined) {
    this.input = input
    this.result = result
  }
}
