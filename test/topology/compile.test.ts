import { expect, test } from 'vitest'
import { caseTopology } from './case-example.ts'

test('a pipeline through a group topic and two sinks compiles to four sub-topologies', () => {
  const { subtopologies, topics, deadLetters } = caseTopology()
  const summary = subtopologies.map(({ id, kind, sources, nodes, stores, partitions, changelog, upstream }) => ({
    id,
    kind,
    sources: sources.map(({ name }) => name),
    nodes: nodes.map(({ name }) => name),
    stores: stores.map(({ name }) => name),
    partitions,
    changelog: changelog?.name,
    upstream,
  }))
  expect(summary).toEqual([
    {
      id: 0,
      kind: 'stream',
      sources: ['source-city.raw'],
      nodes: [
        'validate-city.raw',
        'enrich-city.raw',
        'toTable-cases',
        'groupBy-counts-by-neighborhood',
        'to-counts-by-neighborhood',
      ],
      stores: ['cases'],
      partitions: 4,
      changelog: 'city-city.raw-changelog',
      upstream: [],
    },
    {
      id: 1,
      kind: 'stream',
      sources: ['source-counts-by-neighborhood'],
      nodes: ['aggregate-hourly-volume', 'joinInput-hourly-volume', 'to-city.enriched', 'to-city.volume'],
      stores: ['hourly-volume'],
      partitions: 4,
      changelog: 'city-counts-by-neighborhood-changelog',
      upstream: [0],
    },
    {
      id: 2,
      kind: 'sink',
      sources: ['source-city.enriched'],
      nodes: ['sink-cases'],
      stores: [],
      partitions: 4,
      changelog: undefined,
      upstream: [],
    },
    {
      id: 3,
      kind: 'sink',
      sources: ['source-city.volume'],
      nodes: ['sink-hourly_volume'],
      stores: [],
      partitions: 4,
      changelog: undefined,
      upstream: [],
    },
  ])
  expect(topics.map(({ name, role }) => `${name} ${role}`)).toEqual([
    'city.raw source',
    'city.dead-letters dead-letters',
    'city-counts-by-neighborhood-repartition repartition',
    'city.enriched output',
    'city.volume output',
    'city-city.raw-changelog changelog',
    'city-counts-by-neighborhood-changelog changelog',
  ])
  expect(deadLetters.name).toBe('city.dead-letters')
})
