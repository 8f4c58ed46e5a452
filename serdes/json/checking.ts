// What compiled JSON readers and writers call: checks of single values, and how text is quoted.
import { BadRecord } from '../../core/errors.ts'
import { shown } from '../shown.ts'
import { isUnicode } from '../unicode.ts'

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
/** Neither quotes and backslashes, nor control characters, nor surrogates. */
const plain = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/

export { isUnicode }

export function refuse(code: 'encode' | 'decode', place: string, wanted: string, value: unknown): never {
  throw new BadRecord(code, `${place}: expected ${wanted}, not ${shown(value)}`)
}

export function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array
}

export function isBase64(value: unknown): boolean {
  return typeof value === 'string' && base64.test(value)
}

export function bytesOf(text: string): Buffer {
  return Buffer.from(text, 'base64')
}

export function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64')
}

/** The text as JSON; what is not plain takes the general way. */
export function quoted(text: string, place: string): string {
  if (plain.test(text)) return `"${text}"`
  return isUnicode(text) ? JSON.stringify(text) : refuse('encode', place, 'Unicode text', text)
}
