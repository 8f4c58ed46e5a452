// The sink's own tables, beside the user's in every generation: where each source partition stands, and the rows that did not fit.
import { pg, pgTable } from './table.ts'

/** `next` is null until the first commit. */
export const positionsTable = pgTable(
  'sink_positions',
  {
    app: pg.text(),
    topic: pg.text(),
    partition: pg.int4,
    topic_id: pg.text(),
    next: pg.nullable(pg.int8),
  },
  { key: ['app', 'topic', 'partition'] },
)

/** Key and value are the log record's, byte for byte. */
export const deadLettersTable = pgTable(
  'sink_dead_letters',
  {
    app: pg.text(),
    topic: pg.text(),
    partition: pg.int4,
    offset: pg.int8,
    step: pg.text(),
    code: pg.text(),
    message: pg.text(),
    key: pg.nullable(pg.bytea),
    value: pg.nullable(pg.bytea),
    rejected_at: pg.timestamptz,
  },
  { append: true },
)
