// An instant in a query string: ISO 8601, or ms since 1970.

export const instant = { type: 'string', maxLength: 40 } as const

/** NaN when it is none. */
export function parseInstant(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  return /^\d{1,15}$/.test(text) ? Number(text) : Date.parse(text)
}
