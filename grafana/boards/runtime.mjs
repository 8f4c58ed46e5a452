// The process: processors, memory, event loop, and its HTTP server.
import { board, perSecond, quantile, series } from '../panels.mjs'

const requests = 'http_request_duration_seconds'

export default board({
  uid: 'runtime',
  title: 'runtime',
  description: 'Whether the process has the CPU, memory and time that it needs.',
  rows: [
    [
      series(
        'CPU',
        'Processors in use, and the share of time the event loop is busy.',
        { unit: 'short' },
        ['{{instance}} processors', perSecond('process_cpu_seconds_total{}', 'instance')],
        ['{{instance}} event loop', perSecond('nodejs_eventloop_busy_seconds_total{}', 'instance')],
      ),
      series('Event loop', 'How late timers fire, 99 of 100.', { unit: 's', red: 0.5 }, [
        '{{instance}}',
        quantile(0.99, 'nodejs_eventloop_lag_seconds', 'instance'),
      ]),
    ],
    [
      series(
        'Memory',
        'Resident memory, the used heap, and where the heap ends.',
        { unit: 'bytes' },
        ['{{instance}} resident', 'sum by (instance) (process_resident_memory_bytes{})'],
        ['{{instance}} heap used', 'sum by (instance) (nodejs_heap_size_used_bytes{})'],
        ['{{instance}} heap limit', 'sum by (instance) (nodejs_heap_size_limit_bytes{})'],
        ['{{instance}} outside the heap', 'sum by (instance) (nodejs_external_memory_bytes{})'],
      ),
      series('Time in collections', 'Share of the time, by kind.', { unit: 'percentunit', stacked: true }, [
        '{{kind}}',
        perSecond('nodejs_gc_duration_seconds_sum{}', 'kind'),
      ]),
      series('Collections, p99', 'How long 99 of 100 take at most, by kind.', { unit: 's' }, [
        '{{kind}}',
        quantile(0.99, 'nodejs_gc_duration_seconds', 'kind'),
      ]),
    ],
    [
      series('Requests', 'A second, by route and status.', { unit: 'reqps' }, [
        '{{route}} {{status}}',
        perSecond(`${requests}_count{}`, 'route, status'),
      ]),
      series('Time of requests', 'How long 99 of 100 take at most, by route.', { unit: 's' }, [
        '{{route}}',
        quantile(0.99, requests, 'route'),
      ]),
      series(
        'Failed requests',
        'Share of the answers that are 5xx, by route.',
        { unit: 'percentunit', noValue: 'none' },
        [
          '{{route}}',
          `${perSecond(`${requests}_count{status=~"5.."}`, 'route')} / ${perSecond(`${requests}_count{}`, 'route')}`,
        ],
      ),
    ],
    [
      series('Open event streams', 'Pages that somebody looks at.', { unit: 'short' }, [
        '{{instance}}',
        'sum by (instance) (http_sse_clients{})',
      ]),
      series('Open files', 'File descriptors, connections included.', { unit: 'short' }, [
        '{{instance}}',
        'sum by (instance) (process_open_fds{})',
      ]),
      series('Running for', 'Time since the process started; it falls to 0 with each restart.', { unit: 's' }, [
        '{{instance}}',
        'time() - max by (instance) (process_start_time_seconds{})',
      ]),
    ],
  ],
})
