// What the application remembers: its stores, the backend behind them, and how restoring goes.
import { board, perSecond, quantile, series } from '../panels.mjs'

const operation = 'streams_store_op_duration_seconds'

export default board({
  uid: 'state',
  title: 'state',
  description: 'How large the stores are, whether their backend is quick, and how far a restore has come.',
  rows: [
    [
      series('Entries', 'Of each store, on the instances chosen.', { unit: 'short' }, [
        '{{store}}',
        'sum by (store) (streams_store_entries{})',
      ]),
      series('Size', 'Keys and values of each store.', { unit: 'bytes' }, [
        '{{store}}',
        'sum by (store) (streams_store_bytes{})',
      ]),
      series('Open windows', 'Windows that are not closed yet, by node.', { unit: 'short' }, [
        '{{node}}',
        'sum by (node) (streams_window_open{})',
      ]),
    ],
    [
      series('Calls to the backend', 'A second, by operation; each is for many keys.', { unit: 'reqps' }, [
        '{{op}}',
        perSecond(`${operation}_count{}`, 'op'),
      ]),
      series('Time of a call, median', 'By operation.', { unit: 's' }, ['{{op}}', quantile(0.5, operation, 'op')]),
      series('Time of a call, p99', 'By operation.', { unit: 's', red: 0.05 }, [
        '{{op}}',
        quantile(0.99, operation, 'op'),
      ]),
    ],
    [
      series('Failed calls', 'A second, by operation and reason.', { unit: 'reqps', noValue: 'none' }, [
        '{{op}}: {{reason}}',
        perSecond('streams_store_errors_total{}', 'op, reason'),
      ]),
      series(
        'Redis away',
        'Whether the connection to Redis is lost (1). Nothing with state in memory.',
        { unit: 'short', noValue: 'state is in memory' },
        ['{{instance}}', '1 - min by (instance) (streams_store_available{})'],
      ),
      series(
        'Keys at hand',
        'Share of the keys that the process still knew and did not ask Redis for.',
        { unit: 'percentunit', noValue: 'state is in memory' },
        [
          '{{instance}}',
          `${perSecond('streams_store_cache_reads_total{result="hit"}', 'instance')} / ${perSecond('streams_store_cache_reads_total{}', 'instance')}`,
        ],
      ),
    ],
    [
      series('Left to restore', 'Changelog records that each task still has to read.', { unit: 'short' }, [
        '{{task}}',
        'sum by (task) (streams_restore_remaining_records{})',
      ]),
      series('Restored', 'Changelog records a second.', { unit: 'reqps' }, [
        '{{instance}}',
        perSecond('streams_restore_records_total{}', 'instance'),
      ]),
      series(
        'Length of take-overs',
        'From the take-over of a task until it runs, 99 of 100.',
        { unit: 's', noValue: 'none lately' },
        ['p99', quantile(0.99, 'streams_restore_duration_seconds')],
      ),
    ],
  ],
})
