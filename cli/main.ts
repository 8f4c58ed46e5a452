// Where a program begins: reads the command line, runs the command, turns its end into an exit code. cities/main.ts calls it with its application.
import { type Clock, systemClock } from '../core/clock.ts'
import { StreamsError } from '../core/errors.ts'
import { printDescription } from './commands/describe.ts'
import { run } from './commands/run.ts'
import { tail } from './commands/tail.ts'
import { CommandError, type ExitCode } from './exit.ts'
import { helpText } from './help.ts'
import { lineLogger } from './logger.ts'
import { openLog } from './open-services.ts'
import { type CommandLine, type Environment, parseCommandLine } from './option-parser.ts'
import type { ProgramDefinition, ProgramParts } from './program.ts'
import { type ProcessControl, Shutdown } from './shutdown.ts'
import { startEngine } from './start-engine.ts'
import type { Terminal } from './terminal.ts'

export interface Surroundings {
  readonly arguments: readonly string[]
  readonly environment: Environment
  readonly terminal: Terminal
  readonly clock: Clock
  readonly control: ProcessControl
}

/** Runs the program in this process, on the embedded engine, and sets its exit code. */
export async function runProgram(definition: ProgramDefinition): Promise<void> {
  const { argv, env, stdout, stderr } = process
  const terminal = { stdout, stderr }
  process.exitCode = await runCommand(
    { definition, startEngine, openLog },
    {
      arguments: argv.slice(2),
      environment: env,
      terminal,
      clock: systemClock,
      control: process,
    },
  )
}

export async function runCommand(parts: ProgramParts, surroundings: Surroundings): Promise<ExitCode> {
  const { terminal, environment } = surroundings
  try {
    const line = parseCommandLine(surroundings.arguments, environment)
    const { title, version } = parts.definition
    if (line.help) return print(terminal, helpText(line.command, title))
    if (line.version) return print(terminal, `${version}\n`)
    return await runLine(parts, line, surroundings)
  } catch (error) {
    return explain(error, terminal)
  }
}

function runLine(
  parts: ProgramParts,
  { command, options, operands }: CommandLine,
  { terminal, clock, environment, control }: Surroundings,
): Promise<ExitCode> {
  const logLines = { write: (text: string) => void terminal.stderr.write(text) }
  const logger = lineLogger({ format: options.logFormat, clock, write: (text) => logLines.write(text) })
  switch (command) {
    case 'describe':
      return printDescription(parts, options, terminal)
    case 'tail': {
      const shutdown = new Shutdown({ control, clock, logger })
      return tail({ parts, options, topic: operands[0] ?? '', terminal, clock, shutdown })
    }
    case 'run': {
      const shutdown = new Shutdown({ control, clock, logger })
      return run({ parts, options, environment, terminal, clock, logger, logLines, shutdown })
    }
  }
}

function print({ stdout }: Terminal, text: string): ExitCode {
  stdout.write(text)
  return 0
}

/** Operating errors are sentences for people; a stack is shown for bugs only. */
function explain(error: unknown, { stderr }: Terminal): ExitCode {
  if (error instanceof CommandError) {
    stderr.write(`${error.message}\n`)
    return error.exitCode
  }
  const isExpected = error instanceof StreamsError
  stderr.write(`${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  return error instanceof StreamsError && error.code === 'port_in_use' ? 3 : 1
}
