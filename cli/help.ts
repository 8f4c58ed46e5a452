// What `--help` prints: the commands, and each option of the command with its variable and default, from the table in options.ts.
import {
  type CommandName,
  flagOf,
  type OptionName,
  type OptionSpec,
  optionNames,
  options,
  variableOf,
} from './options.ts'

const commands: Readonly<Record<CommandName, { readonly usage: string; readonly does: string }>> = {
  run: { usage: 'millrace [run] [options]', does: 'runs the application' },
  describe: { usage: 'millrace describe [options]', does: 'prints the topology' },
  tail: { usage: 'millrace tail TOPIC [options]', does: "prints a topic's records as they come" },
}

const width = 100
const indent = ' '.repeat(8)

export function helpText(command: CommandName, title: string): string {
  const lines = [
    `${title}: ${commands[command].usage}`,
    '',
    ...Object.values(commands).map(({ usage, does }) => `  ${usage.padEnd(32)}${does}`),
    '',
    `Options of ${command} (a flag wins over its environment variable):`,
    '',
    ...optionNames.filter((name) => options[name].commands.includes(command)).flatMap(optionLines),
    '  -h, --help',
    `${indent}print this`,
    '  --version',
    `${indent}print the version`,
    '',
    'Exit codes: 0 done, 1 failed, 2 wrong usage, 3 a condition is not met, 4 the input is mostly bad,',
    '5 gave up at a deadline.',
  ]
  return `${lines.join('\n')}\n`
}

function optionLines(name: OptionName): string[] {
  const option: OptionSpec<unknown> = options[name]
  const value = option.value === undefined ? '' : ` ${option.value}`
  const variables = [variableOf(name), option.alsoEnv].filter((one) => one !== undefined).join(', then ')
  const fallback = typeof option.default === 'string' || typeof option.default === 'number' ? `; ${option.default}` : ''
  return [`  ${flagOf(name)}${value}`, ...wrap(`${option.help} (${variables}${fallback})`)]
}

function wrap(text: string): string[] {
  const lines: string[] = []
  for (const word of text.split(' ')) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`${indent}${word}`)
  }
  return lines
}
