// Files as the portal exports them – .ndjson, .json, .csv, each also .gz – as a source: streamed, remembered by the hash of their content and the
// offset read to. An unfinished file goes on; one that an earlier run has finished is read again.
import { stat } from 'node:fs/promises'
import { StreamsError } from '../../core/errors.ts'
import { fileBytes, fileHash } from './file-bytes.ts'
import { csvReader, jsonReader, type RowReader } from './file-rows.ts'
import { ArraySplitter, LineSplitter, type Piece, type Splitter } from './pieces.ts'
import type { Cursor, KeyedRow, RowBatch, RowFormat, Source } from './source.ts'

const BATCH_ROWS = 2000

export interface FileProgress {
  readonly path: string
  /** Of the file as it lies on disk, packed or not. */
  readonly bytesRead: number
  readonly bytesTotal: number
  /** Since the file's beginning. */
  readonly rows: number
}

export interface FileSourceOptions<Raw> {
  readonly path: string
  readonly format: RowFormat<Raw>
  /** Files that this run has read to their end are not read again when it is started again. Default: another run every time. */
  readonly run?: number
  /** How many files of the same content the run has read before this one. Default 0. */
  readonly copy?: number
  readonly onProgress?: (progress: FileProgress) => void
}

type Kind = 'ndjson' | 'json' | 'csv'

/** Hashes the file. @throws StreamsError `file_kind` for a name that tells no known format. */
export async function openFileSource<Raw>(options: FileSourceOptions<Raw>): Promise<Source<Raw>> {
  const kind = kindOf(options.path)
  const { size } = await stat(options.path)
  return new FileSource(options, kind, { size, hash: await fileHash(options.path) })
}

class FileSource<Raw> implements Source<Raw> {
  readonly name: string
  private readonly options: FileSourceOptions<Raw>
  private readonly kind: Kind
  private readonly bytesTotal: number
  private bytesRead = 0

  constructor(options: FileSourceOptions<Raw>, kind: Kind, file: { readonly size: number; readonly hash: string }) {
    this.options = options
    this.kind = kind
    this.bytesTotal = file.size
    const { copy = 0 } = options
    this.name = `file:${file.hash}${copy === 0 ? '' : `#${copy}`}`
  }

  async *rows(cursor: Cursor | undefined, signal: AbortSignal): AsyncGenerator<RowBatch<Raw>> {
    const { run } = this.options
    const position = positionOf(cursor, run)
    if (position === undefined) return
    let { offset, rows: count } = position
    const read = await this.reader()
    let pending: KeyedRow<Raw>[] = []
    for await (const pieces of this.pieces(offset)) {
      for (let at = 0; at < pieces.length; ) {
        const taken = pieces.slice(at, at + BATCH_ROWS - pending.length)
        at += taken.length
        offset = taken.at(-1)?.end ?? offset
        pending.push(...read(taken))
        if (pending.length < BATCH_ROWS) continue
        count += pending.length
        yield { rows: pending, cursor: { offset, rows: count, isDone: false } }
        this.report(count)
        if (signal.aborted) return
        pending = []
      }
    }
    yield {
      rows: pending,
      cursor: { offset, rows: count + pending.length, isDone: true, ...(run === undefined ? {} : { run }) },
    }
    this.report(count + pending.length)
  }

  private async reader(): Promise<RowReader<Raw>> {
    const { format } = this.options
    if (this.kind !== 'csv') return jsonReader(format)
    for await (const [header] of this.pieces(0)) {
      if (header !== undefined) return csvReader(header, format)
    }
    return () => []
  }

  private async *pieces(from: number): AsyncGenerator<Piece[]> {
    let splitter: Splitter | undefined
    this.bytesRead = this.options.path.endsWith('.gz') ? 0 : from
    const chunks = fileBytes(this.options.path, from, (bytes) => {
      this.bytesRead += bytes
    })
    for await (const chunk of chunks) {
      splitter ??= this.splitter(chunk, from)
      yield splitter.feed(chunk)
    }
    if (splitter !== undefined) yield splitter.finish()
  }

  /** A .json file is an array – the first byte says so, and what follows an element – or, as some tools write it, one object a line. */
  private splitter(first: Buffer, from: number): Splitter {
    const [start = ''] = first
      .toString('latin1', 0, 100)
      .replace(/^\u00ef\u00bb\u00bf/, '')
      .trimStart()
    if (this.kind === 'json' && '[,]'.includes(start)) return new ArraySplitter({ from })
    return new LineSplitter({ from, quoted: this.kind === 'csv' })
  }

  private report(rows: number): void {
    const { path, onProgress } = this.options
    onProgress?.({ path, bytesRead: this.bytesRead, bytesTotal: this.bytesTotal, rows })
  }
}

function kindOf(path: string): Kind {
  const [, kind] = /\.(ndjson|json|csv)(?:\.gz)?$/.exec(path) ?? []
  if (kind === 'ndjson' || kind === 'json' || kind === 'csv') return kind
  throw new StreamsError('file_kind', `${path} is none of .ndjson, .json, .csv, or one of these with .gz`)
}

/** Undefined: this run has read it all. */
function positionOf(
  cursor: Cursor | undefined,
  run: number | undefined,
): { readonly offset: number; readonly rows: number } | undefined {
  const { offset, rows, isDone, run: readBy } = cursor ?? {}
  if (isDone === true && run !== undefined && readBy === run) return undefined
  if (isDone === true || typeof offset !== 'number' || typeof rows !== 'number') return { offset: 0, rows: 0 }
  return { offset, rows }
}
