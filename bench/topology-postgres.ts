// How fast is the whole topology with its tables in Postgres: cases, case versions and volumes by COPY, exactly once, on the embedded server?
import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../core/clock.ts'
import { silentLogger } from '../core/logger.ts'
import { startEmbeddedPostgres } from '../sinks/postgres/embedded-server.ts'
import { createPostgresSink } from '../sinks/postgres/postgres-sink.ts'
import { cpuSecondsOfTree } from './support/process-cpu.ts'
import { runTopology } from './support/topology-run.ts'

export async function run(): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-postgres-'))
  const server = await startEmbeddedPostgres({ directory, logger: silentLogger })
  try {
    const sink = createPostgresSink({
      ...{ connection: server.url, schema: 'sf311', app: 'bench', clock: systemClock, random: Math.random },
    })
    await runTopology({
      records: Number(process.env.BENCH_RECORDS ?? 300_000),
      sink,
      others: () => ({ Postgres: cpuSecondsOfTree(server.pid) }),
    })
    await sink.close()
  } finally {
    await server.stop()
    await rm(directory, { recursive: true })
  }
}
