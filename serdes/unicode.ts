// Text that is Unicode, in both directions: never a replacement character for what was not UTF-8, never half a surrogate pair.
import { isUtf8 } from 'node:buffer'

const loneSurrogate = /\p{Surrogate}/u

/** Whether the text can be written as UTF-8. */
export function isUnicode(text: string): boolean {
  return !loneSurrogate.test(text)
}

/** The bytes as text; undefined when they are not UTF-8. */
export function utf8Text(buffer: Buffer, start: number, end: number): string | undefined {
  const text = buffer.utf8Slice(start, end)
  // A replacement character is either in the bytes or stands for what is not UTF-8.
  return text.includes('\ufffd') && !isUtf8(buffer.subarray(start, end)) ? undefined : text
}
