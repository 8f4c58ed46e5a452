// How fast is the whole topology in one thread? Avro in, dedupe, geography, counts, enriched cases out, exactly once with 100 ms commits, no Postgres.
import { runTopology } from './support/topology-run.ts'

export async function run(): Promise<void> {
  await runTopology({ records: Number(process.env.BENCH_RECORDS ?? 500_000) })
}
