// Where the records go and where the time goes, node by node.
import { board, perSecond, quantile, series } from '../panels.mjs'

const nodeTime = 'streams_node_process_duration_seconds'

export default board({
  uid: 'topology',
  title: 'throughput and topology',
  description: 'What goes into and comes out of each node and topic, and what takes the time.',
  rows: [
    [
      series('Records into each node', 'A second.', { unit: 'reqps' }, [
        '{{node}}',
        perSecond('streams_node_records_total{direction="in"}', 'node'),
      ]),
      series('Records out of each node', 'A second.', { unit: 'reqps' }, [
        '{{node}}',
        perSecond('streams_node_records_total{direction="out"}', 'node'),
      ]),
    ],
    [
      series('Out for each in', 'Records out of a node for each one into it, over 5 minutes.', { unit: 'short' }, [
        '{{node}}',
        'sum by (node) (rate(streams_node_records_total{direction="out"}[5m])) / sum by (node) (rate(streams_node_records_total{direction="in"}[5m]))',
      ]),
      series('Bytes read', 'Record batches as they come from the brokers, a second, by topic.', { unit: 'Bps' }, [
        '{{topic}}',
        perSecond('streams_bytes_consumed_total{}', 'topic'),
      ]),
      series(
        'Records written',
        'In committed transactions, a second, by topic; changelogs and the engine’s own records included.',
        { unit: 'reqps' },
        ['{{topic}}', perSecond('streams_records_produced_total{}', 'topic')],
      ),
    ],
    [
      series(
        'Where the worker’s time goes',
        'Seconds a second, by instance; each instance’s add up to 1.',
        { unit: 'percentunit', stacked: true },
        ['{{instance}} {{state}}', perSecond('streams_worker_time_seconds_total{}', 'instance, state')],
      ),
      series(
        'Slowest nodes',
        'The five nodes with the longest batches, 99 of 100. One batch in 17 is timed, loading of its keys included.',
        { unit: 's' },
        ['{{node}}', `topk(5, ${quantile(0.99, nodeTime, 'node')})`],
      ),
      series('Time of a batch', 'Mean by node.', { unit: 's' }, [
        '{{node}}',
        `${perSecond(`${nodeTime}_sum{}`, 'node')} / ${perSecond(`${nodeTime}_count{}`, 'node')}`,
      ]),
    ],
    [
      series(
        'Dropped by node',
        'Records that went no further and are no dead letters, a second.',
        { unit: 'reqps', noValue: 'none', stacked: true },
        ['{{node}}: {{reason}}', perSecond('streams_records_dropped_total{}', 'node, reason')],
      ),
      series(
        'How late',
        'How far the records that came too late were behind the clock of their source.',
        { unit: 's', noValue: 'none lately' },
        ['{{node}} p50', quantile(0.5, 'streams_record_lateness_seconds', 'node')],
        ['{{node}} p99', quantile(0.99, 'streams_record_lateness_seconds', 'node')],
      ),
    ],
  ],
})
