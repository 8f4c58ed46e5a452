// Sends scripts one behind the other without waiting, but only so many that each is answered within its time.

const AT_ONCE_MAX = 16

/** The answers in order. What fails ends it; what was sent with it is answered too, and ignored. */
export async function inTurns<T, Answer>(
  scripts: readonly T[],
  send: (script: T, index: number) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = []
  for (let i = 0; i < scripts.length; i += AT_ONCE_MAX) {
    const turn = scripts.slice(i, i + AT_ONCE_MAX)
    answers.push(...(await Promise.all(turn.map((script, j) => send(script, i + j)))))
  }
  return answers
}
