// Wakes the worker's loop from its waits when there is something for it to do. A ring is kept until somebody has looked, so that none is missed.

export class Bell {
  private waiting = new AbortController()

  ring(): void {
    this.waiting.abort()
  }

  /** Whoever calls this looks at everything there is to do after it. */
  silence(): void {
    if (this.waiting.signal.aborted) this.waiting = new AbortController()
  }

  /** Runs `wait` with a signal that ends it at the next ring, or at one that nobody has looked after, or with `signal`. */
  async endingAtRing<Result>(
    signal: AbortSignal | undefined,
    wait: (signal: AbortSignal) => Promise<Result>,
  ): Promise<Result> {
    const { waiting } = this
    const end = () => waiting.abort()
    if (signal?.aborted) end()
    signal?.addEventListener('abort', end, { once: true })
    try {
      return await wait(waiting.signal)
    } finally {
      signal?.removeEventListener('abort', end)
    }
  }
}
