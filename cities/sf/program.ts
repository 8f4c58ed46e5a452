// San Francisco 311 as a program: its topology, its input, its volume.
import type { ProgramDefinition } from '../../cli/program.ts'
import { caseTopology } from '../topology.ts'
import { startIngest } from './ingest.ts'
import { sanFrancisco } from './san-francisco.ts'
import { readVolume } from './volume.ts'

export const sanFrancisco311: ProgramDefinition = {
  name: 'sf311',
  title: 'San Francisco 311',
  version: '0.1.0',
  zone: 'America/Los_Angeles',
  topology: ({ boundaries }) => caseTopology(sanFrancisco({ boundaries })),
  startIngest,
  readVolume,
}
