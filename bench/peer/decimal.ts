// Decimal numbers as text, read from their bytes: exact where the digits fit a double, and left to `Number` where they do not.

const EXACT_DIGITS = 15
const POWERS = Array.from({ length: EXACT_DIGITS + 1 }, (_, i) => 10 ** i)

/** NaN for an empty text and for what is no number. */
export function decimalAt(buffer: Buffer, start: number, end: number): number {
  const isNegative = buffer[start] === 45
  const first = isNegative ? start + 1 : start
  if (end - first > EXACT_DIGITS + 1 || end === first) return anyNumber(buffer, start, end)
  let digits = 0
  let point = -1
  for (let at = first; at < end; at++) {
    const digit = (buffer[at] as number) - 48
    if (digit >= 0 && digit <= 9) digits = digits * 10 + digit
    else if (digit === -2 && point < 0 && at > first && at < end - 1) point = at
    else return anyNumber(buffer, start, end)
  }
  // Both are exact, so one division rounds as reading the whole text would.
  const value = point < 0 ? digits : digits / (POWERS[end - 1 - point] as number)
  return isNegative ? -value : value
}

function anyNumber(buffer: Buffer, start: number, end: number): number {
  const text = buffer.latin1Slice(start, end)
  return text === '' ? Number.NaN : Number(text)
}
