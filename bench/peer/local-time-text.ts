// `2026-11-20T08:35:00.000` from its bytes: a wall-clock time as ms since the epoch, as if the clock showed UTC.

let lastDate = 0
let lastDay = Number.NaN

/** NaN where the text is no such time. */
export function localTimeAt(buffer: Buffer, start: number, end: number): number {
  const length = end - start
  if (length < 16 || buffer[start + 10] !== 84 || buffer[start + 13] !== 58) return Number.NaN
  const day = dayAt(buffer, start)
  const hours = twoAt(buffer, start + 11)
  const minutes = twoAt(buffer, start + 14)
  const seconds = length >= 19 ? twoAt(buffer, start + 17) : 0
  if (!(hours >= 0 && hours < 24 && minutes >= 0 && minutes < 60 && seconds >= 0 && seconds < 60)) return Number.NaN
  const fraction = length > 20 ? Number(buffer.latin1Slice(start + 20, end).padEnd(3, '0')) : 0
  return day + ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction
}

/** Neighbors in a stream are close in time: the last day is remembered. */
function dayAt(buffer: Buffer, start: number): number {
  const century = twoAt(buffer, start)
  const year = twoAt(buffer, start + 2)
  const month = twoAt(buffer, start + 5)
  const day = twoAt(buffer, start + 8)
  const isDate = buffer[start + 4] === 45 && buffer[start + 7] === 45
  if (!isDate || !(century >= 0 && year >= 0 && month >= 1 && month <= 12 && day >= 1 && day <= 31)) return Number.NaN
  const date = ((century * 100 + year) * 100 + month) * 100 + day
  if (date !== lastDate) {
    lastDate = date
    lastDay = Date.parse(`${buffer.latin1Slice(start, start + 10)}T00:00:00Z`)
  }
  return lastDay
}

/** NaN or out of range where there are no two digits. */
function twoAt(buffer: Buffer, at: number): number {
  const tens = (buffer[at] as number) - 48
  const ones = (buffer[at + 1] as number) - 48
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : Number.NaN
}
