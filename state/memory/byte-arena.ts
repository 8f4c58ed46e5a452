// Entries of key and value bytes, appended to pages of fixed size: nothing is copied as it grows, and pages are emptied one at a time.
//
//   page    │ entry │ entry │ filler │ entry │ … │ free │        words of 4 bytes
//   entry   │ key length │ value length │ key bytes, value bytes, up to 3 bytes unused │
//   filler  │ −words │ … whatever was there │                    a removed or outgrown entry, or what a shorter value left over
//
// An entry's position is page × PAGE_WORDS + word. Which entry belongs to which key is the table's business.
import { assert } from '../../core/assert.ts'
import { copyBytes } from './copy-bytes.ts'

const PAGE_WORDS = 16_384
const HEADER_WORDS = 2
/** A larger entry gets a page of its own, so that it wastes no page's end. */
const SHARED_WORDS_MAX = PAGE_WORDS / 8
const POSITION_MAX = 2 ** 31
const SPARE_PAGES_MAX = 64

class Page {
  readonly bytes: Buffer
  readonly words: Int32Array
  used = 0
  dead = 0

  constructor(wordCount: number) {
    this.bytes = Buffer.allocUnsafeSlow(wordCount * 4)
    this.words = new Int32Array(this.bytes.buffer, this.bytes.byteOffset, wordCount)
  }
}

const NO_PAGE = new Page(0)

export class ByteArena {
  // Where the entry that `look` was called for lies.
  buffer: Buffer = NO_PAGE.bytes
  keyStart = 0
  valueStart = 0
  valueEnd = 0
  /** Words taken by entries and fillers, and those of the fillers. */
  usedWords = 0
  deadWords = 0
  private pages: Page[] = []
  private unusedNumbers: number[] = []
  private spare: Page[] = []
  private current = NO_PAGE
  private currentNumber = -1

  /** Sets `buffer`, `keyStart`, `valueStart` (where the key ends) and `valueEnd` to the entry's. */
  look(position: number): void {
    const page = this.pages[position >>> 14] as Page
    const word = position & (PAGE_WORDS - 1)
    this.buffer = page.bytes
    this.keyStart = (word + HEADER_WORDS) * 4
    this.valueStart = this.keyStart + (page.words[word] as number)
    this.valueEnd = this.valueStart + (page.words[word + 1] as number)
  }

  append(key: Buffer, keyStart: number, keyEnd: number, value: Buffer, valueStart: number, valueEnd: number): number {
    const words = entryWords(keyEnd - keyStart, valueEnd - valueStart)
    const number = words > SHARED_WORDS_MAX ? this.addPage(words) : this.pageWithRoom(words)
    const page = this.pages[number] as Page
    const word = page.used
    page.used += words
    this.usedWords += words
    page.words[word] = keyEnd - keyStart
    page.words[word + 1] = valueEnd - valueStart
    const start = (word + HEADER_WORDS) * 4
    copyBytes(key, keyStart, keyEnd, page.bytes, start)
    copyBytes(value, valueStart, valueEnd, page.bytes, start + keyEnd - keyStart)
    return number * PAGE_WORDS + word
  }

  /** Puts another value in the entry's place; false when it needs more room than there is. */
  overwrite(position: number, value: Buffer, valueStart: number, valueEnd: number): boolean {
    const page = this.pages[position >>> 14] as Page
    const word = position & (PAGE_WORDS - 1)
    const keyLength = page.words[word] as number
    const before = entryWords(keyLength, page.words[word + 1] as number)
    const after = entryWords(keyLength, valueEnd - valueStart)
    if (after > before) return false
    page.words[word + 1] = valueEnd - valueStart
    copyBytes(value, valueStart, valueEnd, page.bytes, (word + HEADER_WORDS) * 4 + keyLength)
    if (after < before) this.fill(page, word + after, before - after)
    return true
  }

  remove(position: number): void {
    const number = position >>> 14
    const page = this.pages[number] as Page
    const word = position & (PAGE_WORDS - 1)
    this.fill(page, word, entryWords(page.words[word] as number, page.words[word + 1] as number))
    if (page.dead === page.used && page !== this.current) this.release(number)
  }

  /** The page with the most filler that is no longer written to: the one to empty next; −1 if there is none. */
  emptiestPage(): number {
    let emptiest = -1
    let dead = 0
    for (let i = 0; i < this.pages.length; i++) {
      const page = this.pages[i] as Page
      if (page.dead <= dead || page === this.current) continue
      emptiest = i
      dead = page.dead
    }
    return emptiest
  }

  /** First entry of a page at or behind `word`; −1 at the end. `position + entry size` continues: see `after`. */
  firstIn(pageNumber: number, fromWord = 0): number {
    const page = this.pages[pageNumber] as Page
    let word = fromWord
    while (word < page.used && (page.words[word] as number) < 0) word -= page.words[word] as number
    return word < page.used ? pageNumber * PAGE_WORDS + word : -1
  }

  /** The next entry of the same page; −1 at its end. */
  after(position: number): number {
    const pageNumber = position >>> 14
    const page = this.pages[pageNumber] as Page
    const word = position & (PAGE_WORDS - 1)
    return this.firstIn(pageNumber, word + entryWords(page.words[word] as number, page.words[word + 1] as number))
  }

  /** The first entry of all; −1: there is none. */
  first(): number {
    return this.firstFrom(0)
  }

  /** The next entry of all; −1 at the end. */
  next(position: number): number {
    const inPage = this.after(position)
    return inPage < 0 ? this.firstFrom((position >>> 14) + 1) : inPage
  }

  /** Gives a page back; whatever entries it holds are gone. */
  release(number: number): void {
    const page = this.pages[number] as Page
    this.usedWords -= page.used
    this.deadWords -= page.dead
    this.pages[number] = NO_PAGE
    this.unusedNumbers.push(number)
    this.keep(page)
  }

  clear(): void {
    for (const page of this.pages) this.keep(page)
    this.pages = []
    this.unusedNumbers = []
    this.current = NO_PAGE
    this.usedWords = 0
    this.deadWords = 0
  }

  get byteLength(): number {
    let bytes = 0
    for (const page of this.pages) bytes += page.bytes.length
    for (const page of this.spare) bytes += page.bytes.length
    return bytes
  }

  private firstFrom(pageNumber: number): number {
    for (let page = pageNumber; page < this.pages.length; page++) {
      const position = this.firstIn(page)
      if (position >= 0) return position
    }
    return -1
  }

  private fill(page: Page, word: number, words: number): void {
    page.words[word] = -words
    page.dead += words
    this.deadWords += words
  }

  private pageWithRoom(words: number): number {
    if (this.current.words.length - this.current.used >= words) return this.currentNumber
    if (this.current.used < this.current.words.length) this.closeCurrent()
    this.currentNumber = this.addPage(PAGE_WORDS)
    this.current = this.pages[this.currentNumber] as Page
    return this.currentNumber
  }

  private closeCurrent(): void {
    const rest = this.current.words.length - this.current.used
    this.fill(this.current, this.current.used, rest)
    this.current.used += rest
    this.usedWords += rest
  }

  private addPage(words: number): number {
    const number = this.unusedNumbers.pop() ?? this.pages.length
    assert((number + 1) * PAGE_WORDS <= POSITION_MAX, 'a table in memory holds at most 8 GiB')
    this.pages[number] = words === PAGE_WORDS ? (this.spare.pop() ?? new Page(words)) : new Page(words)
    return number
  }

  private keep(page: Page): void {
    if (page.words.length !== PAGE_WORDS || this.spare.length === SPARE_PAGES_MAX) return
    page.used = 0
    page.dead = 0
    this.spare.push(page)
  }
}

function entryWords(keyLength: number, valueLength: number): number {
  return HEADER_WORDS + ((keyLength + valueLength + 3) >>> 2)
}
