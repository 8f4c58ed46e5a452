// Answers the volume question from the table that the topology fills.
import type { RowReader, VolumeQuery, VolumeRow } from '../../cli/program.ts'

export async function readVolume(
  rows: RowReader,
  { from, to, neighborhood, limit }: VolumeQuery,
): Promise<VolumeRow[]> {
  const found = await rows(
    `SELECT neighborhood, extract(epoch FROM window_start) * 1000 AS at, opened, closed, status
       FROM sf311.neighborhood_volume
      WHERE ($1::timestamptz IS NULL OR window_start >= $1) AND ($2::timestamptz IS NULL OR window_start < $2)
        AND ($3::text IS NULL OR neighborhood = $3)
      ORDER BY window_start DESC, neighborhood LIMIT $4`,
    [dateOf(from), dateOf(to), neighborhood ?? null, limit],
  )
  return found.map((row) => ({
    neighborhood: String(row.neighborhood),
    at: Number(row.at),
    opened: Number(row.opened),
    closed: Number(row.closed),
    status: row.status === 'final' || row.status === 'corrected' ? row.status : 'provisional',
  }))
}

function dateOf(ms: number | undefined): Date | null {
  return ms === undefined ? null : new Date(ms)
}
