import { expect, test } from 'vitest'
import { caseTopology } from './case-example.ts'

test('the text is what Kafka Streams prints, blank for blank', () => {
  expect(caseTopology().describe()).toBe(
    `Topologies:
   Sub-topology: 0
    Source: source-city.raw (topics: [city.raw])
      --> validate-city.raw
    Processor: validate-city.raw (stores: [])
      --> enrich-city.raw
      <-- source-city.raw
    Processor: enrich-city.raw (stores: [])
      --> toTable-cases
      <-- validate-city.raw
    Processor: toTable-cases (stores: [cases])
      --> groupBy-counts-by-neighborhood
      <-- enrich-city.raw
    Processor: groupBy-counts-by-neighborhood (stores: [])
      --> to-counts-by-neighborhood
      <-- toTable-cases
    Sink: to-counts-by-neighborhood (topic: city-counts-by-neighborhood-repartition)
      <-- groupBy-counts-by-neighborhood

  Sub-topology: 1
    Source: source-counts-by-neighborhood (topics: [city-counts-by-neighborhood-repartition])
      --> aggregate-hourly-volume
    Processor: aggregate-hourly-volume (stores: [hourly-volume])
      --> joinInput-hourly-volume, to-city.volume
      <-- source-counts-by-neighborhood
    Processor: joinInput-hourly-volume (stores: [])
      --> to-city.enriched
      <-- aggregate-hourly-volume
    Sink: to-city.enriched (topic: city.enriched)
      <-- joinInput-hourly-volume
    Sink: to-city.volume (topic: city.volume)
      <-- aggregate-hourly-volume

  Sub-topology: 2
    Source: source-city.enriched (topics: [city.enriched])
      --> sink-cases
    Sink: sink-cases (topic: cases)
      <-- source-city.enriched

  Sub-topology: 3
    Source: source-city.volume (topics: [city.volume])
      --> sink-hourly_volume
    Sink: sink-hourly_volume (topic: hourly_volume)
      <-- source-city.volume

`,
  )
})

test('the hash is the same for the same topology, and part of the JSON', () => {
  const [one, other] = [caseTopology(), caseTopology()]
  expect(one.hash).toMatch(/^[0-9a-f]{16}$/)
  expect(other.hash).toBe(one.hash)
  expect(JSON.parse(one.describe('json'))).toMatchObject({ name: 'city', hash: one.hash })
})

test('the Mermaid drawing has a box a sub-topology and connects topics, stores and tables', () => {
  const drawing = caseTopology().describe('mermaid')
  expect(drawing.startsWith('flowchart LR\n')).toBe(true)
  expect(drawing.match(/subgraph /g)).toHaveLength(4)
  expect(drawing).toContain('(["city.raw"])')
  expect(drawing).toContain('[("hourly_volume")]')
  expect(drawing).toContain('[("hourly-volume")]')
})
