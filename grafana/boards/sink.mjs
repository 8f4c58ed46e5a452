// What leaves: rows to the sink, and records that became dead letters instead.
import { board, perSecond, quantile, series, stat } from '../panels.mjs'

export default board({
  uid: 'sink',
  title: 'sink and dead letters',
  description: 'Whether results reach the sink, how fast, and what became dead letters instead.',
  rows: [
    [
      stat(
        'Last flush',
        'Time since rows were last written.',
        { unit: 's', noValue: 'no flush yet', steps: { orange: 60, red: 300 } },
        'ago',
        'time() - max(streams_sink_last_success_timestamp_seconds{})',
      ),
      stat(
        'Buffered',
        'Rows that are read and not yet durable.',
        { unit: 'short' },
        'rows',
        'sum(streams_sink_buffered_rows{})',
      ),
      stat(
        'Retries',
        'Flushes tried again in 10 minutes.',
        { unit: 'short', noValue: 'none', steps: { orange: 1 } },
        'retries',
        'sum(increase(streams_sink_retries_total{}[10m]))',
      ),
      stat(
        'Failures',
        'Flushes that failed for good in 10 minutes.',
        { unit: 'short', noValue: 'none', steps: { red: 1 } },
        'failures',
        'sum(increase(streams_sink_failures_total{}[10m]))',
      ),
    ],
    [
      series('Rows written', 'A second, by table and operation.', { unit: 'reqps' }, [
        '{{table}}: {{op}}',
        perSecond('streams_sink_rows_total{}', 'table, op'),
      ]),
      series('Bytes written', 'A second.', { unit: 'Bps' }, [
        '{{sink}}',
        perSecond('streams_sink_bytes_total{}', 'sink'),
      ]),
      series(
        'Rows of a flush',
        'Few rows at high rates: the sink waits for nothing, and could take larger batches.',
        { unit: 'short' },
        ['p50', quantile(0.5, 'streams_sink_batch_rows')],
        ['p99', quantile(0.99, 'streams_sink_batch_rows')],
      ),
    ],
    [
      series('Flushes, median', 'By phase.', { unit: 's' }, [
        '{{phase}}',
        quantile(0.5, 'streams_sink_flush_duration_seconds', 'phase'),
      ]),
      series('Flushes, p99', 'By phase.', { unit: 's' }, [
        '{{phase}}',
        quantile(0.99, 'streams_sink_flush_duration_seconds', 'phase'),
      ]),
      series(
        'Retries and failures',
        'A second, by class of SQLSTATE.',
        { unit: 'reqps', noValue: 'none' },
        ['retries {{sqlstate_class}}', perSecond('streams_sink_retries_total{}', 'sqlstate_class')],
        ['failures {{sqlstate_class}}', perSecond('streams_sink_failures_total{}', 'sqlstate_class')],
      ),
    ],
    [
      series(
        'Latency',
        'From ingest to the durable row.',
        { unit: 's', red: 60 },
        ['p50', quantile(0.5, 'streams_record_e2e_latency_seconds')],
        ['p99', quantile(0.99, 'streams_record_e2e_latency_seconds')],
      ),
      series(
        'Dead letters',
        'A second, by the topic that they came from and the reason.',
        { unit: 'reqps', noValue: 'none', stacked: true },
        ['{{source_topic}}: {{reason}}', perSecond('streams_dlq_records_total{}', 'source_topic, reason')],
      ),
    ],
  ],
})
