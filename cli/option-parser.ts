// Reads the command line and the environment by the table in options.ts; whatever does not fit is an error that names what would.
import { distance } from 'fastest-levenshtein'
import { type CommandError, usageError } from './exit.ts'
import {
  type CommandName,
  flagOf,
  type OptionName,
  type OptionSpec,
  type Options,
  optionNames,
  options,
  variableOf,
} from './options.ts'

export interface CommandLine {
  readonly command: CommandName
  /** What is neither command nor option: the topic of `tail`. */
  readonly operands: readonly string[]
  readonly options: Options
  readonly help: boolean
  readonly version: boolean
}

export type Environment = Readonly<Record<string, string | undefined>>

const commandNames: readonly CommandName[] = ['run', 'describe', 'tail']
const operandsOf: Readonly<Record<CommandName, readonly string[]>> = { run: [], describe: [], tail: ['TOPIC'] }

/** @throws CommandError with exit code 2 */
export function parseCommandLine(args: readonly string[], environment: Environment): CommandLine {
  const { command, rest } = takeCommand(args)
  const { operands, given } = takeFlags(rest, command)
  const help = given.has('help')
  const version = given.has('version')
  if (!help && !version) checkOperands(command, operands)
  rejectUnknownVariables(environment)
  return { command, operands, options: valuesOf(command, given, environment), help, version }
}

function takeCommand(args: readonly string[]): { command: CommandName; rest: readonly string[] } {
  const [first, ...rest] = args
  if (first === undefined || first.startsWith('-')) return { command: 'run', rest: args }
  const command = commandNames.find((name) => name === first)
  if (command === undefined) throw unknown('command', first, commandNames)
  return { command, rest }
}

type Given = ReadonlyMap<OptionName | 'help' | 'version', readonly string[]>

function takeFlags(args: readonly string[], command: CommandName): { operands: string[]; given: Given } {
  const given = new Map<OptionName | 'help' | 'version', readonly string[]>()
  const operands: string[] = []
  let at = 0
  while (at < args.length) {
    const arg = args[at++] ?? ''
    if (!arg.startsWith('-')) {
      operands.push(arg)
      continue
    }
    const [flag = '', inline] = splitOnce(arg)
    const name = optionNamed(flag, command)
    if (given.has(name)) throw usageError(`${flag} is given twice`)
    const following =
      inline === undefined && name !== 'help' && name !== 'version' ? valuesAfter(args, at, options[name]) : []
    at += following.length
    given.set(name, checkedValues(name, flag, inline === undefined ? following : [inline]))
  }
  return { operands, given }
}

function splitOnce(arg: string): [string, string?] {
  const equals = arg.indexOf('=')
  return equals < 0 ? [arg] : [arg.slice(0, equals), arg.slice(equals + 1)]
}

function optionNamed(flag: string, command: CommandName): OptionName | 'help' | 'version' {
  if (flag === '--help' || flag === '-h') return 'help'
  if (flag === '--version') return 'version'
  const name = optionNames.find((one) => flagOf(one) === flag)
  if (name === undefined) throw unknown('option', flag, [...optionNames.map(flagOf), '--help', '--version'])
  if (!options[name].commands.includes(command)) throw usageError(`${flag} is not an option of ${command}`)
  return name
}

function valuesAfter(args: readonly string[], at: number, option: OptionSpec<unknown>): readonly string[] {
  if (option.value === undefined) return []
  const end = args.findIndex((arg, i) => i >= at && arg.startsWith('--'))
  const available = args.slice(at, end < 0 ? args.length : end)
  return option.many ? available : available.slice(0, 1)
}

function checkedValues(
  name: OptionName | 'help' | 'version',
  flag: string,
  values: readonly string[],
): readonly string[] {
  if (name === 'help' || name === 'version') return []
  const { value } = options[name]
  if (value !== undefined && (values.length === 0 || values.includes('')))
    throw usageError(`${flag} needs a value: ${value}`)
  return values
}

function checkOperands(command: CommandName, operands: readonly string[]): void {
  const wanted = operandsOf[command]
  const missing = wanted[operands.length]
  if (missing !== undefined) throw usageError(`${command} needs a ${missing}`)
  const extra = operands[wanted.length]
  if (extra !== undefined) throw usageError(`${command} does not know what to do with "${extra}"`)
}

function valuesOf(command: CommandName, given: Given, environment: Environment): Options {
  const entries = optionNames.map((name) => [name, optionValue(name, command, given, environment)])
  // Each entry was read by the option of its own name, which is what Options says.
  return Object.fromEntries(entries) as Options
}

function optionValue(name: OptionName, command: CommandName, given: Given, environment: Environment): unknown {
  const option: OptionSpec<unknown> = options[name]
  const flagged = given.get(name)
  if (flagged !== undefined) return option.read(flagged, flagOf(name))
  if (!option.commands.includes(command)) return option.default
  const variable = [variableOf(name), option.alsoEnv ?? ''].find((one) => environment[one])
  if (variable === undefined) return option.default
  const value = environment[variable] ?? ''
  return option.read(option.many ? value.split(/\s+/) : [value], variable)
}

/** A misspelled variable would otherwise do nothing, silently. */
function rejectUnknownVariables(environment: Environment): void {
  const known = optionNames.map(variableOf)
  const surprise = Object.keys(environment).find((one) => one.startsWith('MILLRACE_') && !known.includes(one))
  if (surprise !== undefined) throw unknown('environment variable', surprise, known)
}

function unknown(what: string, given: string, known: readonly string[]): CommandError {
  return usageError(`unknown ${what} ${given}; did you mean ${nearest(given, known)}?`)
}

/** Half a name is nearer to the whole one than to any that happens to be short. */
function nearest(given: string, known: readonly string[]): string {
  const begun = known.filter((name) => name.startsWith(given))
  const [best = ''] = (begun.length > 0 ? begun : known).toSorted((a, b) => distance(given, a) - distance(given, b))
  return best
}
