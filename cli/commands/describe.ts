// `describe`: prints the topology; needs nothing that runs.
import { describe } from '../../topology/describe.ts'
import type { ExitCode } from '../exit.ts'
import type { Options } from '../options.ts'
import type { ProgramParts } from '../program.ts'
import type { Terminal } from '../terminal.ts'

export async function printDescription(
  { definition }: ProgramParts,
  options: Options,
  { stdout }: Terminal,
): Promise<ExitCode> {
  const text = describe(await definition.topology(options), options.format)
  stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return 0
}
