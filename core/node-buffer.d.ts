// Buffer methods that Node has had since its beginnings and its types leave out: several times faster on short texts than their general forms.
declare global {
  interface Buffer {
    utf8Write(text: string, offset?: number, length?: number): number
    latin1Write(text: string, offset?: number, length?: number): number
    utf8Slice(start?: number, end?: number): string
    latin1Slice(start?: number, end?: number): string
  }
}

export {}
