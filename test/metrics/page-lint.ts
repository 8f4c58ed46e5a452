// What is wrong with a Prometheus page (text format 0.0.4): an empty list when nothing is.

interface Family {
  readonly type: string
  readonly samples: { readonly name: string; readonly labels: string; readonly value: number }[]
}

export function lintPage(page: string): string[] {
  const problems = page.endsWith('\n') ? [] : ['the page does not end with a new line']
  const families = new Map<string, Family>()
  let help = ''
  for (const line of page.split('\n').filter((text) => text !== '')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') help = name
    else if (kind === 'TYPE') {
      if (help !== name) problems.push(`${name} has no help`)
      if (families.has(name)) problems.push(`${name} comes twice`)
      families.set(name, { type: rest, samples: [] })
    } else problems.push(...addSample(line, families))
  }
  return [...problems, ...[...families].flatMap(([name, family]) => lintFamily(name, family))]
}

const sampleLine = /^([a-z_:][a-z0-9_:]*)\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\} (\S+)$/

function addSample(line: string, families: Map<string, Family>): string[] {
  const [, name = '', labels = '', value = ''] = sampleLine.exec(line) ?? []
  if (name === '') return [`not a sample: ${line}`]
  const family = families.get(name) ?? families.get(name.replace(/_(bucket|sum|count)$/, ''))
  if (family === undefined) return [`${name} has no type`]
  if (!Number.isFinite(Number(value))) return [`${name} is ${value}`]
  if (family.samples.some((sample) => sample.name === name && sample.labels === labels)) return [`twice: ${line}`]
  family.samples.push({ name, labels, value: Number(value) })
  return []
}

function lintFamily(name: string, { type, samples }: Family): string[] {
  const problems: string[] = []
  if (!/^(streams|http|process|nodejs|sf311)_/.test(name)) problems.push(`${name} has an unknown prefix`)
  if (/_(ms|millis|milliseconds|kb|kib|percent)(_|$)/.test(name)) problems.push(`${name} is not in a base unit`)
  if ((type === 'counter') !== name.endsWith('_total')) problems.push(`${name} is a ${type}`)
  if (/_(count|sum|bucket)$/.test(name)) problems.push(`${name} has a suffix of histograms`)
  if (samples.length === 0) problems.push(`${name} has no sample`)
  return type === 'histogram' ? [...problems, ...lintBuckets(name, samples)] : problems
}

/** Buckets must not fall, and the last one is the count. */
function lintBuckets(name: string, samples: Family['samples']): string[] {
  const series = new Map<string, number[]>()
  for (const { labels, value } of samples.filter((sample) => sample.name === `${name}_bucket`)) {
    const key = labels.replace(/(^|,)le="[^"]*"(,|$)/, (_, before, after) => (before && after ? ',' : ''))
    series.set(key, [...(series.get(key) ?? []), value])
  }
  const counts = samples.filter((sample) => sample.name === `${name}_count`)
  return counts.flatMap(({ labels, value }) => {
    const buckets = series.get(labels) ?? []
    const falls = buckets.some((count, i) => count < (buckets[i - 1] ?? 0))
    return !falls && buckets.at(-1) === value
      ? []
      : [`${name}{${labels}} has buckets ${buckets} for a count of ${value}`]
  })
}
