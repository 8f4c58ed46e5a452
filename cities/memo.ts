// Texts that repeat from row to row – categories, sources, names of places – are worked out once; the results are shared, which also interns them.

const ENTRIES_MAX = 4096

/** `compute`, remembered for the first few thousand texts it is asked about; beyond those it is computed each time. */
export function memo<T>(compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>()
  return (text) => {
    const found = known.get(text)
    if (found !== undefined || known.has(text)) return found ?? compute(text)
    const result = compute(text)
    if (known.size < ENTRIES_MAX) known.set(text, result)
    return result
  }
}
