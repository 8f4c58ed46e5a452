// A compiled topology in words: Kafka Streams' text (existing viewers read it), Mermaid, and JSON with the hash.
import { never } from '../core/assert.ts'
import { describeJson } from './describe-json.ts'
import { describeMermaid } from './describe-mermaid.ts'
import { describeText } from './describe-text.ts'
import type { CompiledTopology } from './graph.ts'

export type DescriptionFormat = 'text' | 'mermaid' | 'json'

export function describe(topology: CompiledTopology, format: DescriptionFormat): string {
  switch (format) {
    case 'text':
      return describeText(topology)
    case 'mermaid':
      return describeMermaid(topology)
    case 'json':
      return `${JSON.stringify(describeJson(topology), undefined, 2)}\n`
    default:
      return never(format)
  }
}
