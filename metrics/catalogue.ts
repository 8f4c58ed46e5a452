// Every metric there is: name, type, labels, help, buckets. The names are a public API: dashboards and alerts read them. Counters begin at 0 with the
// process and count what it has committed: over all processes, each record once.
// Every metric also carries `app` and `mode` (prometheus.ts). Labels come from closed sets; never an id, a key, an offset or a message.
import { type Labels, Measurements } from './measurements.ts'

export interface MetricDefinition {
  readonly name: string
  readonly type: 'counter' | 'gauge' | 'histogram'
  readonly help: string
  /** Each label with all its values, or `undefined` where the topology decides them. */
  readonly labels: Readonly<Record<string, readonly string[] | undefined>>
  /** Upper bounds of a histogram, in the unit that the name ends with. */
  readonly buckets: readonly number[]
}

const topic = undefined
const partition = undefined
const node = undefined
const store = undefined
const task = undefined
const sink = undefined
const table = undefined

export const applicationStates = ['created', 'restoring', 'running', 'rebalancing', 'paused', 'draining', 'failed']
/** Why the assignment of a process changed: its first one, tasks it got, tasks it gave away, or both. */
export const rebalanceReasons = ['start', 'gained', 'lost', 'exchanged']
export const dropReasons = ['late', 'expired', 'null_key', 'duplicate', 'stale', 'tombstone', 'skipped']

const storeOperations = ['checkpoint', 'claim', 'load', 'apply', 'scan']

const hour = 3600
const day = 24 * hour
const buckets = {
  latency: [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600],
  storeOperation: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1],
  flush: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  batchRows: [1, 10, 50, 100, 500, 1000, 5000, 10_000, 50_000],
  lateness: [1, 10, 60, 300, 900, hour, 6 * hour, day, 7 * day, 30 * day],
  nodeProcess: [0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1],
  pause: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
}

export const catalogue: readonly MetricDefinition[] = [
  // the application
  gauge('streams_app_info', 'Always 1; version and topology of the running application.', {
    version: undefined,
    topology_hash: undefined,
    replay_id: undefined,
  }),
  gauge('streams_app_state', 'Whether the application is in this state (0 or 1).', { state: applicationStates }),
  gauge('streams_check_ok', 'Whether this check of /readyz passes (0 or 1), asked with each scrape.', {
    check: undefined,
  }),

  // reading and writing the log
  gauge('streams_consumer_lag_records', 'Records between the committed position and the end of the log.', {
    topic,
    partition,
  }),
  gauge('streams_consumer_lag_seconds', 'Age of the oldest record not yet processed; 0 when caught up.', {
    topic,
    partition,
  }),
  gauge('streams_consumer_committed_offset', 'The next offset to read, as committed.', { topic, partition }),
  gauge('streams_consumer_end_offset', 'End of the log for committed readers.', { topic, partition }),
  gauge('streams_consumer_beginning_offset', 'First offset that is still in the log.', { topic, partition }),
  gauge(
    'streams_consumer_held_back_seconds',
    'For how long an undecided transaction has held committed readers at one offset; 0 when none does.',
    { topic, partition },
  ),
  gauge(
    'streams_consumer_schema_wait_seconds',
    'For how long the next record has waited for the schema it was written with; 0 when it does not wait.',
    { topic, partition },
  ),
  counter('streams_records_consumed_total', 'Records read from the topic.', { topic }),
  counter('streams_bytes_consumed_total', 'Bytes of record batches read from the topic.', { topic }),
  counter(
    'streams_records_produced_total',
    'Records written to the topic in committed transactions, those of the engine itself included.',
    { topic },
  ),
  gauge('streams_last_input_timestamp_seconds', 'When records of the topic were last committed as read, Unix time.', {
    topic,
  }),

  // the topology
  counter('streams_node_records_total', 'Records that went into and came out of the node.', {
    node,
    direction: ['in', 'out'],
  }),
  histogram(
    'streams_node_process_duration_seconds',
    'Time a node takes for a batch, loading its keys included; one batch in 17.',
    'nodeProcess',
    {
      node,
    },
  ),
  histogram('streams_record_e2e_latency_seconds', 'From ingest to the durable row in the sink.', 'latency', { sink }),
  histogram(
    'streams_record_lateness_seconds',
    'How far the records that came too late were behind the clock of their source.',
    'lateness',
    { node },
  ),
  counter('streams_records_dropped_total', 'Records that went no further and are no dead letters.', {
    node,
    reason: dropReasons,
  }),
  counter('streams_records_accepted_total', 'Records that a deduplicating table took as the newest version.', { node }),
  counter('streams_records_conflicting_total', 'Accepted records of equal version and other content.', { node }),
  gauge('streams_unaccounted_records', 'Records read and neither accepted, dropped, dead nor in flight: must be 0.', {
    topic,
  }),
  gauge('streams_watermark_timestamp_seconds', 'Event time up to which the node is complete, Unix time.', { node }),
  gauge('streams_window_open', 'Open windows in memory; those from before a restart are read when they are due.', {
    node,
  }),

  // what went wrong
  counter(
    'streams_errors_total',
    'Errors of the log, the state and the sink, by their code and the reaction they got.',
    {
      kind: undefined,
      action: ['new_incarnation', 'take_over_again', 'back_off', 'stop'],
    },
  ),
  counter('streams_dlq_records_total', 'Records sent to the dead-letter topic.', {
    source_topic: undefined,
    reason: undefined,
  }),

  // commits, tasks, state
  counter('streams_commits_total', 'Commit cycles.', { result: ['ok', 'error'] }),
  histogram('streams_commit_duration_seconds', 'Time from the flush to the end of the transaction.', 'flush', {
    result: ['ok', 'error'],
  }),
  gauge('streams_last_commit_timestamp_seconds', 'When the last commit succeeded, Unix time.', {}),
  counter('streams_transactions_total', 'Transactions on the log.', { result: ['commit', 'abort', 'unknown'] }),
  counter('streams_rebalances_total', 'Changes of the assignment.', { reason: rebalanceReasons }),
  histogram('streams_rebalance_duration_seconds', 'Time from the change to the last task running.', 'flush', {
    reason: rebalanceReasons,
  }),
  gauge('streams_assigned_partitions', 'Partitions assigned to this instance.', {}),
  counter('streams_restore_records_total', 'Changelog records read to restore a task.', { task }),
  gauge('streams_restore_remaining_records', 'Changelog records that a task still has to read.', { task }),
  histogram('streams_restore_duration_seconds', 'Time from the take-over of a task until it runs.', 'latency', {}),
  counter('streams_worker_time_seconds_total', 'Where the time of the worker goes; the sum is wall time.', {
    state: ['waiting', 'opening', 'processing', 'committing', 'backing_off'],
  }),
  counter('streams_store_cache_reads_total', 'Keys asked of Redis, and those that this process still knew.', {
    result: ['hit', 'miss'],
  }),
  gauge('streams_store_available', 'Whether there is a connection to Redis (0 or 1).', {}),
  histogram(
    'streams_store_op_duration_seconds',
    'Time of a call to the state backend, for many keys.',
    'storeOperation',
    {
      op: storeOperations,
    },
  ),
  gauge('streams_store_entries', 'Entries in the store.', { store }),
  gauge('streams_store_bytes', 'Bytes of keys and values in the store.', { store }),
  counter('streams_store_errors_total', 'Failed calls to the state backend.', {
    op: storeOperations,
    reason: undefined,
  }),

  // sinks
  counter('streams_sink_rows_total', 'Rows written.', { sink, table, op: ['insert', 'upsert', 'delete'] }),
  counter('streams_sink_bytes_total', 'Bytes written.', { sink }),
  histogram('streams_sink_batch_rows', 'Rows of a batch.', 'batchRows', { sink }),
  histogram('streams_sink_flush_duration_seconds', 'Time of a flush by phase.', 'flush', {
    sink,
    phase: ['copy', 'merge', 'commit'],
  }),
  counter('streams_sink_retries_total', 'Flushes tried again.', { sink, sqlstate_class: undefined }),
  counter('streams_sink_failures_total', 'Flushes that failed for good.', { sink, sqlstate_class: undefined }),
  gauge('streams_sink_buffered_rows', 'Rows waiting for the next flush.', { sink }),
  gauge('streams_sink_last_success_timestamp_seconds', 'When the last flush succeeded, Unix time.', { sink }),

  // ingest of San Francisco 311
  counter(
    'sf311_unknown_columns_total',
    'Values of columns that nobody knew when the adapter was written; kept in `extra`.',
    {},
  ),

  // the HTTP server
  histogram('http_request_duration_seconds', 'Time of a request by the template of its route.', 'latency', {
    method: undefined,
    route: undefined,
    status: undefined,
  }),
  gauge('http_sse_clients', 'Open event streams.', {}),

  // the process
  gauge('process_start_time_seconds', 'When the process started, Unix time.', {}),
  counter('process_cpu_user_seconds_total', 'CPU time in user mode.', {}),
  counter('process_cpu_system_seconds_total', 'CPU time in system mode.', {}),
  counter('process_cpu_seconds_total', 'CPU time, user and system.', {}),
  gauge('process_resident_memory_bytes', 'Resident memory.', {}),
  gauge('process_open_fds', 'Open file descriptors.', {}),
  gauge('nodejs_version_info', 'Always 1; the version of Node.', { version: undefined }),
  gauge('nodejs_heap_size_total_bytes', 'Size of the heap.', {}),
  gauge('nodejs_heap_size_used_bytes', 'Used part of the heap.', {}),
  gauge('nodejs_heap_size_limit_bytes', 'Where the heap ends.', {}),
  gauge('nodejs_external_memory_bytes', 'Memory of objects outside the heap.', {}),
  histogram('nodejs_gc_duration_seconds', 'Garbage collections by kind.', 'pause', {
    kind: ['major', 'minor', 'incremental', 'weakcb'],
  }),
  histogram('nodejs_eventloop_lag_seconds', 'How much later than asked for a timer fires.', 'pause', {}),
  counter('nodejs_eventloop_busy_seconds_total', 'Time the event loop was not waiting.', {}),
]

const byName = new Map(catalogue.map((metric) => [metric.name, metric]))

export function metricNamed(name: string): MetricDefinition | undefined {
  return byName.get(name)
}

/** Measurements whose histograms have the catalogue's buckets. */
export function createMeasurements(): Measurements {
  return new Measurements((name) => {
    const metric = metricNamed(name)
    if (metric?.type !== 'histogram') throw new Error(`${name} is no histogram of metrics/catalogue.ts`)
    return metric.buckets
  })
}

/** Makes every series of a metric that the given labels leave open, at 0, so that the first event is an increase and not a new series. */
export function startAtZero(measurements: Measurements, name: string, given: Labels = {}): void {
  const metric = metricNamed(name)
  if (metric === undefined) throw new Error(`${name} is not in metrics/catalogue.ts`)
  for (const labels of combinations(metric, given)) {
    if (metric.type === 'histogram') measurements.histogram(name, labels)
    else measurements.cell(name, labels)
  }
}

/** What was measured without being in the catalogue, as `name{label,label}`; empty when all is well. */
export function undeclared(measurements: Measurements): string[] {
  const measured = [...measurements.scalars, ...measurements.histograms].flatMap(([name, family]) =>
    [...family.cells.values()].map(({ labels }) => ({ name, labels: Object.keys(labels).sort().join() })),
  )
  const unknown = measured.filter(({ name, labels }) => labelNames(metricNamed(name)) !== labels)
  return [...new Set(unknown.map(({ name, labels }) => `${name}{${labels}}`))]
}

function labelNames(metric: MetricDefinition | undefined): string | undefined {
  return metric === undefined ? undefined : Object.keys(metric.labels).sort().join()
}

function combinations(metric: MetricDefinition, given: Labels): Labels[] {
  return Object.entries(metric.labels).reduce<Labels[]>(
    (series, [label, closed]) => {
      const value = given[label]
      const values = value === undefined ? (closed ?? []) : [value]
      return series.flatMap((labels) => values.map((one) => ({ ...labels, [label]: one })))
    },
    [{}],
  )
}

function counter(name: string, help: string, labels: MetricDefinition['labels']): MetricDefinition {
  return { name, type: 'counter', help, labels, buckets: [] }
}

function gauge(name: string, help: string, labels: MetricDefinition['labels']): MetricDefinition {
  return { name, type: 'gauge', help, labels, buckets: [] }
}

function histogram(
  name: string,
  help: string,
  bounds: keyof typeof buckets,
  labels: MetricDefinition['labels'],
): MetricDefinition {
  return { name, type: 'histogram', help, labels, buckets: buckets[bounds] }
}
