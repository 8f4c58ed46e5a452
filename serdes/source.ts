// Text of a generated function: its lines, fresh variable names, and the constants it refers to.

export class Source {
  private readonly lines: string[] = []
  private readonly constants: unknown[] = []
  private names = 0

  add(...lines: readonly string[]): void {
    this.lines.push(...lines)
  }

  /** A fresh variable name. */
  name(prefix: string): string {
    return `${prefix}${this.names++}`
  }

  /** The name under which the function sees `value`. */
  constant(value: unknown): string {
    return `c${this.constants.push(value) - 1}`
  }

  /** The function `(parameters) => lines`, with `scope` and the constants in reach. */
  compile<F>(parameters: string, scope: Readonly<Record<string, unknown>>): F {
    const named = this.constants.map((_, index) => `const c${index} = constants[${index}]`)
    const body = this.lines.join('\n')
    const names = Object.keys(scope)
    const make = new Function(
      ...names,
      'constants',
      `${named.join('\n')}\nreturn function(${parameters}) {\n${body}\n}`,
    )
    return make(...Object.values(scope), this.constants)
  }
}
