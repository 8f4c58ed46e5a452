// Real rows and boundaries that lie beside the repository; tests that need them are skipped by name where they are absent.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

export const sharedData = process.env.SHARED_DATA ?? join(import.meta.dirname, '../../../shared/data')
export const hasSharedData = existsSync(join(sharedData, 'sf311'))

/** Every file of DataSF rows, oldest first. */
export const sfFiles = [
  'sf311/sf311-2008-2016-sample.ndjson.gz',
  'sf311/versions/sf311-case-versions.ndjson.gz',
  'sf311/partial/sf311-2016-2018-waste-4fields.ndjson.gz',
  'sf311/sf311-2016-02-26-mini.ndjson.gz',
  'sf311/sf311-2017-07-26-soda.ndjson.gz',
  'sf311/sf311-fy2018-19-northbeach-cleaning.ndjson.gz',
  'sf311/sf311-2023-02-09-stream.ndjson.gz',
  'sf311/sf311-2023-11-27-soda.ndjson.gz',
  'sf311/sf311-2025-2026-current-schema.ndjson',
] as const

export function sharedText(file: string): string {
  const bytes = readFileSync(join(sharedData, file))
  return (file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')
}

export type Row = Readonly<Record<string, unknown>>

export function sharedRows(file: string): Row[] {
  return sharedText(file)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}
