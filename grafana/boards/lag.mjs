// How far behind, which partitions, and who has them: lag, positions and the group.
import { board, perSecond, quantile, series, stat } from '../panels.mjs'

const lag = 'streams_consumer_lag_records{}'
const committed = 'streams_consumer_committed_offset{}'

export default board({
  uid: 'lag',
  title: 'lag and group',
  description: 'How far behind each partition is, whether it catches up, and how the group shares the work.',
  rows: [
    [
      stat('Lag', 'Records not processed yet, of all topics.', { unit: 'short' }, 'records', `sum(${lag})`),
      stat(
        'Caught up in',
        'At the speed of the last 5 minutes. Nothing while the lag does not shrink.',
        { unit: 's', noValue: 'it does not shrink', steps: { orange: 600, red: 3600 } },
        'time left',
        `sum(${lag}) / (-sum(deriv(${lag}[5m])) > 0)`,
      ),
      stat(
        'Held back',
        'How long a transaction that does not end has hidden what is committed behind it.',
        { unit: 's', steps: { orange: 60, red: 120 } },
        'held back',
        'max(streams_consumer_held_back_seconds{})',
      ),
      stat(
        'Retention headroom',
        'Records between the beginning of the log and the position that is nearest to it, where there is lag.',
        { unit: 'short', noValue: 'no lag' },
        'records',
        `min((${committed} - streams_consumer_beginning_offset{}) and (${lag} > 0))`,
      ),
    ],
    [
      series('Lag by partition', 'Records between the committed position and the end of the log.', { unit: 'short' }, [
        '{{topic}}-{{partition}}',
        `sum by (topic, partition) (${lag})`,
      ]),
      series(
        'Age by partition',
        'Age of the oldest record that is not processed; 0 when caught up.',
        { unit: 's', red: 300 },
        ['{{topic}}-{{partition}}', 'max by (topic, partition) (streams_consumer_lag_seconds{})'],
      ),
    ],
    [
      series(
        'Written and processed',
        'Records a second that come to the log, and that are committed as processed.',
        { unit: 'reqps' },
        ['{{topic}} written', 'sum by (topic) (deriv(streams_consumer_end_offset{}[5m]))'],
        ['{{topic}} processed', `sum by (topic) (deriv(${committed}[5m]))`],
      ),
      series(
        'Skew',
        'The largest lag of a topic’s partitions over their mean. Near the number of partitions: one key has nearly all of it.',
        { unit: 'short' },
        ['{{topic}}', `max by (topic) (${lag}) / avg by (topic) (${lag})`],
      ),
      series(
        'Held back by partition',
        'How long committed readers have waited at one offset, or the next record for its schema. Short peaks are transactions under way.',
        { unit: 's', red: 120 },
        ['{{topic}}-{{partition}}', 'max by (topic, partition) (streams_consumer_held_back_seconds{})'],
        ['{{topic}}-{{partition}} schema', 'max by (topic, partition) (streams_consumer_schema_wait_seconds{})'],
      ),
    ],
    [
      series('Assigned partitions', 'How many partitions each instance has.', { unit: 'short', stacked: true }, [
        '{{instance}}',
        'sum by (instance) (streams_assigned_partitions{})',
      ]),
      series(
        'Rebalances',
        'Changes of an instance’s assignment, by what changed.',
        { unit: 'short', noValue: 'none' },
        [
          '{{instance}} {{reason}}',
          'sum by (instance, reason) (increase(streams_rebalances_total{}[$__rate_interval]))',
        ],
      ),
      series(
        'Length of rebalances',
        'From the change to the last task running, 99 of 100.',
        { unit: 's', noValue: 'none lately' },
        ['{{instance}}', quantile(0.99, 'streams_rebalance_duration_seconds', 'instance')],
      ),
    ],
    [
      series('Commits', 'Commit cycles a second, by result.', { unit: 'reqps' }, [
        '{{result}}',
        perSecond('streams_commits_total{}', 'result'),
      ]),
      series(
        'Length of commits',
        'From the flush to the end of the transaction.',
        { unit: 's' },
        ['p50', quantile(0.5, 'streams_commit_duration_seconds')],
        ['p99', quantile(0.99, 'streams_commit_duration_seconds')],
      ),
      series('Errors', 'A second, by the reaction they got and their code.', { unit: 'reqps', noValue: 'none' }, [
        '{{action}}: {{kind}}',
        perSecond('streams_errors_total{}', 'action, kind'),
      ]),
    ],
  ],
})
