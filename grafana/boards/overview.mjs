// Is it healthy, how late is it, and what became of its records? The first board to look at; the others say more of each part.
import { board, perSecond, quantile, series, stat } from '../panels.mjs'

const latency = 'streams_record_e2e_latency_seconds'
const late = `1 - sum(rate(${latency}_bucket{le="60"}[1h])) / sum(rate(${latency}_count{}[1h]))`

export default board({
  uid: 'overview',
  title: 'overview',
  description: 'Whether the application does its work, how far behind it is, and what happens to its records.',
  rows: [
    [
      stat(
        'State',
        'The state each instance is in.',
        { unit: 'none', noValue: 'not running', named: true },
        '{{state}}',
        'max by (state) (streams_app_state{}) == 1',
      ),
      stat(
        'Lag',
        'Age of the oldest record that is not processed yet; 0 when caught up.',
        { unit: 's', steps: { orange: 60, red: 300 } },
        'lag',
        'max(streams_consumer_lag_seconds{})',
      ),
      stat(
        'Latency p99',
        'From ingest to the durable row, 99 of 100 records, over 5 minutes.',
        { unit: 's', noValue: 'no rows lately', steps: { orange: 10, red: 60 } },
        'p99',
        `histogram_quantile(0.99, sum by (le) (rate(${latency}_bucket{}[5m])))`,
      ),
      stat(
        'Dead letters',
        'Share of the records read that became dead letters, over 10 minutes.',
        { unit: 'percentunit', noValue: 'nothing read', steps: { orange: 0.001, red: 0.005 } },
        'dead letters',
        'sum(rate(streams_dlq_records_total{}[10m])) / sum(rate(streams_records_consumed_total{}[10m]))',
      ),
      stat(
        'Unaccounted',
        'Records read that are neither accepted, dropped, dead nor in flight. Anything but 0 that stays is a bug.',
        { unit: 'short', steps: { red: 1 } },
        'records',
        'sum(streams_unaccounted_records{})',
      ),
      stat(
        'Last commit',
        'Time since the last commit that succeeded.',
        { unit: 's', noValue: 'no commit yet', steps: { orange: 60, red: 300 } },
        'ago',
        'time() - max(streams_last_commit_timestamp_seconds{})',
      ),
    ],
    [
      stat(
        'Budget burn',
        'Of 100 records, 1 may take longer than 60 s from ingest to its row. 1: the last hour used exactly that; above 14, a month’s budget lasts 2 days.',
        { unit: 'short', noValue: 'no rows lately', steps: { orange: 1, red: 14.4 } },
        'times the budget',
        `(${late}) / 0.01`,
      ),
      stat(
        'Failing checks',
        'What does not answer, of the services and of the application itself; `/readyz` says why and since when.',
        { unit: 'none', noValue: 'none', named: true, steps: { red: 0 } },
        '{{check}}',
        'min by (check) (streams_check_ok{}) == 0',
      ),
      stat(
        'Last input',
        'Time since records were last read, from whatever topic.',
        { unit: 's', noValue: 'nothing read yet' },
        'ago',
        'time() - max(streams_last_input_timestamp_seconds{})',
      ),
      stat(
        'Held back',
        'How long a transaction that does not end has hidden what is committed behind it.',
        { unit: 's', steps: { orange: 60, red: 120 } },
        'held back',
        'max(streams_consumer_held_back_seconds{})',
      ),
      stat(
        'Errors',
        'Errors of the log, the state and the sink in 10 minutes. Each was answered; their number tells how often.',
        { unit: 'short', noValue: 'none', steps: { orange: 1, red: 100 } },
        'errors',
        'sum(increase(streams_errors_total{}[10m]))',
      ),
      stat(
        'To restore',
        'Changelog records still to read before all tasks run.',
        { unit: 'short', steps: { orange: 1 } },
        'records',
        'sum(streams_restore_remaining_records{})',
      ),
      stat(
        'Worker in use',
        'Share of its time in which the busiest worker works. Near 1 it cannot take more.',
        { unit: 'percentunit', steps: { orange: 0.8, red: 0.95 } },
        'in use',
        'max(sum by (instance) (rate(streams_worker_time_seconds_total{state=~"opening|processing|committing"}[5m])))',
      ),
    ],
    [
      series('Records read', 'Records read a second, by topic.', { unit: 'reqps' }, [
        '{{topic}}',
        perSecond('streams_records_consumed_total{}', 'topic'),
      ]),
      series('Lag by topic', 'Records between the committed position and the end of the log.', { unit: 'short' }, [
        '{{topic}}',
        'sum by (topic) (streams_consumer_lag_records{})',
      ]),
    ],
    [
      series(
        'Latency',
        'From ingest to the durable row in the sink.',
        { unit: 's', red: 60 },
        ['p50', quantile(0.5, latency)],
        ['p95', quantile(0.95, latency)],
        ['p99', quantile(0.99, latency)],
      ),
      series('Event time behind the clock', 'How far the watermark of each input is behind now.', { unit: 's' }, [
        '{{node}}',
        'time() - min by (node) (streams_watermark_timestamp_seconds{})',
      ]),
    ],
    [
      series(
        'Dropped',
        'Records that went no further and are no dead letters, a second, by reason.',
        { unit: 'reqps', noValue: 'none', stacked: true },
        ['{{reason}}', perSecond('streams_records_dropped_total{}', 'reason')],
      ),
      series(
        'Dead letters by reason',
        'Records sent to the dead-letter topic, a second.',
        { unit: 'reqps', noValue: 'none', stacked: true },
        ['{{reason}}', perSecond('streams_dlq_records_total{}', 'reason')],
      ),
    ],
    [
      series(
        'Commits',
        'Commit cycles a second by result, and how long 99 of 100 take at most.',
        { unit: 'short' },
        ['{{result}} a second', perSecond('streams_commits_total{}', 'result')],
        ['p99, seconds', quantile(0.99, 'streams_commit_duration_seconds')],
      ),
      series('Rows written', 'Rows a second by table of the sink.', { unit: 'reqps' }, [
        '{{table}}',
        perSecond('streams_sink_rows_total{}', 'table'),
      ]),
      series('Flushes of the sink', 'How long 99 of 100 flushes take at most, by phase.', { unit: 's' }, [
        '{{phase}}',
        quantile(0.99, 'streams_sink_flush_duration_seconds', 'phase'),
      ]),
    ],
  ],
})
