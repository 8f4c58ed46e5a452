import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DrawnShape, drawTopology } from '../../../server/drawing/drawing.ts'
import { drawnGraph } from '../../../server/drawing/drawn-graph.ts'
import type { CompiledTopology, OperatorNode } from '../../../topology/graph.ts'
import { sampleTopology, sourceOf, stepOf, subtopologyOf, topicOf, writeOf } from '../sample-topology.ts'

test('a topic is one shape between those that write and those that read it', () => {
  const { shapes, connections } = drawnGraph(sampleTopology())
  const counts = shapes.filter(({ label }) => label === 'counts-by-neighborhood' && label)
  expect(counts.map(({ kind, inOf, outOf }) => ({ kind, inOf, outOf }))).toEqual([
    { kind: 'topic', inOf: ['counts-by-neighborhood write'], outOf: ['counts-by-neighborhood source'] },
    { kind: 'step', inOf: ['counts-by-neighborhood'], outOf: ['counts-by-neighborhood'] },
  ])
  expect(connections).toContainEqual({
    from: 'node counts-by-neighborhood',
    to: 'topic counts-by-neighborhood',
    kind: 'stream',
  })
  expect(connections).toContainEqual({ from: 'topic counts-by-neighborhood', to: 'node hourly-volume', kind: 'stream' })
})

test('dead letters leave from the first step behind a source topic', () => {
  const letters = drawnGraph(sampleTopology()).connections.filter(({ kind }) => kind === 'dead letters')
  expect(letters).toEqual([{ from: 'node Case', to: 'topic sf311.dead-letters', kind: 'dead letters' }])
})

test('the stream flows down: whoever is fed stands below', () => {
  const { shapes, connections } = drawTopology(sampleTopology())
  for (const { from, to } of connections.filter(({ kind }) => kind === 'stream')) {
    expect(shapeIn(shapes, to).y, `${from} to ${to}`).toBeGreaterThan(bottom(shapeIn(shapes, from)))
  }
})

test('dead letters stand beside the step that they come from', () => {
  const { shapes } = drawTopology(sampleTopology())
  const [step, letters] = [shapeIn(shapes, 'node Case'), shapeIn(shapes, 'topic sf311.dead-letters')]
  expect(letters.y).toBe(step.y)
  expect(letters.x).toBeGreaterThan(step.x + step.width)
})

test('shapes never overlap and stay inside the picture, whatever the topology', () => {
  fc.assert(
    fc.property(
      fc.array(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 12 }),
      (wiring) => {
        const { shapes, width, height } = drawTopology(randomTopology(wiring))
        for (const [i, one] of shapes.entries()) {
          expect(one.x >= 0 && one.y >= 0 && one.x + one.width <= width && bottom(one) <= height).toBe(true)
          for (const other of shapes.slice(i + 1)) expect(overlap(one, other), `${one.id} and ${other.id}`).toBe(false)
        }
      },
    ),
  )
})

/** Step i feeds some of the steps behind it; the last one of a branch writes a topic that a further sub-topology reads. */
function randomTopology(wiring: readonly (readonly number[])[]): CompiledTopology {
  const end = writeOf('out', topicOf('results', 'output'))
  const steps: OperatorNode[] = []
  for (const [i, choices] of [...wiring.entries()].reverse()) {
    const children = choices.map((choice) => steps[choice % (steps.length + 1)] ?? end)
    steps.push(stepOf(`step ${i}`, 'map', i % 3 === 0 ? [`store ${i}`] : [], ...new Set(children)))
  }
  const raw = topicOf('raw', 'source')
  const letters = topicOf('letters', 'dead-letters')
  const last = stepOf('last', 'peek', [])
  return {
    name: 'random',
    hash: '',
    subtopologies: [
      subtopologyOf(0, 'stream', [sourceOf('source', raw, ...steps.slice(-1))], [...steps.toReversed(), end]),
      subtopologyOf(1, 'stream', [sourceOf('again', end.topic, last)], [last]),
    ],
    globalTables: [],
    topics: [raw, end.topic, letters],
    deadLetters: letters,
  }
}

function shapeIn(shapes: readonly DrawnShape[], id: string): DrawnShape {
  const shape = shapes.find((one) => one.id === id)
  if (shape === undefined) throw new Error(`${id} is not drawn`)
  return shape
}

function bottom({ y, height }: DrawnShape): number {
  return y + height
}

function overlap(a: DrawnShape, b: DrawnShape): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < bottom(b) && b.y < bottom(a)
}
