// Measures this process: CPU, memory, garbage collections, the event loop. Counted here because a client library's defaults lose
// collections that come in bursts, and its event-loop gauges start anew with every scrape, whoever scrapes.
import { readdirSync } from 'node:fs'
import { constants, type PerformanceEntry, PerformanceObserver, performance } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { startAtZero } from './catalogue.ts'
import type { Measurements } from './measurements.ts'

const lagIntervalMs = 50

/** Starts measuring; the function returned stops it. */
export function measureProcess(measurements: Measurements): () => void {
  measurements.cell('nodejs_version_info', { version: process.version }).value = 1
  measurements.cell('process_start_time_seconds').value = Math.round(performance.timeOrigin) / 1000
  measurements.onScrape(() => {
    measureCpu(measurements)
    measureMemory(measurements)
  })
  const stops = [measureCollections(measurements), measureEventLoop(measurements)]
  return () => {
    for (const stop of stops) stop()
  }
}

function measureCpu(measurements: Measurements): void {
  const { user, system } = process.cpuUsage()
  measurements.cell('process_cpu_user_seconds_total').value = user / 1e6
  measurements.cell('process_cpu_system_seconds_total').value = system / 1e6
  measurements.cell('process_cpu_seconds_total').value = (user + system) / 1e6
  measurements.cell('nodejs_eventloop_busy_seconds_total').value = performance.eventLoopUtilization().active / 1000
}

function measureMemory(measurements: Measurements): void {
  const { rss, heapTotal, heapUsed, external } = process.memoryUsage()
  measurements.cell('process_resident_memory_bytes').value = rss
  measurements.cell('nodejs_heap_size_total_bytes').value = heapTotal
  measurements.cell('nodejs_heap_size_used_bytes').value = heapUsed
  measurements.cell('nodejs_heap_size_limit_bytes').value = getHeapStatistics().heap_size_limit
  measurements.cell('nodejs_external_memory_bytes').value = external
  const open = openFileDescriptors()
  if (open !== undefined) measurements.cell('process_open_fds').value = open
}

/** Only Linux tells them as a folder. */
function openFileDescriptors(): number | undefined {
  try {
    return readdirSync('/proc/self/fd').length
  } catch {
    return undefined
  }
}

const collectionKinds = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
])

/** One notification may tell of many collections. */
function measureCollections(measurements: Measurements): () => void {
  startAtZero(measurements, 'nodejs_gc_duration_seconds')
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = collectionKinds.get(kindOf(entry)) ?? 'major'
      measurements.histogram('nodejs_gc_duration_seconds', { kind }).observe(entry.duration / 1000)
    }
  })
  observer.observe({ entryTypes: ['gc'] })
  return () => observer.disconnect()
}

/** Node's types leave out the detail that its collections have. */
function kindOf(entry: PerformanceEntry & { readonly detail?: { readonly kind: number } }): number {
  return entry.detail?.kind ?? constants.NODE_PERFORMANCE_GC_MAJOR
}

/** Cumulative: whoever scrapes takes nothing away from the others. */
function measureEventLoop(measurements: Measurements): () => void {
  const lag = measurements.histogram('nodejs_eventloop_lag_seconds')
  let due = performance.now() + lagIntervalMs
  const timer = setInterval(() => {
    const now = performance.now()
    lag.observe(Math.max(0, now - due) / 1000)
    due = now + lagIntervalMs
  }, lagIntervalMs)
  timer.unref()
  return () => clearInterval(timer)
}
