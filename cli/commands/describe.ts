// `describe`: prints the topology; needs nothing that runs.
import type { ExitCode } from '../exit.ts'
import type { Options } from '../options.ts'
import type { ProgramParts } from '../program.ts'
import type { Terminal } from '../terminal.ts'

export async function describe(
  { definition, describe: write }: ProgramParts,
  options: Options,
  { stdout }: Terminal,
): Promise<ExitCode> {
  const text = write(await definition.topology(options), options.format)
  stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return 0
}
