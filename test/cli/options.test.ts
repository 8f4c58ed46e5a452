import { expect, test } from 'vitest'
import { helpText } from '../../cli/help.ts'
import { parseCommandLine } from '../../cli/option-parser.ts'
import { flagOf, type OptionName, optionNames, options, variableOf } from '../../cli/options.ts'

const parse = (line: string, environment: Record<string, string> = {}) =>
  parseCommandLine(
    line.split(' ').filter((word) => word !== ''),
    environment,
  )

test('without arguments the application runs with its defaults', () => {
  const { command, options: values } = parse('')
  expect(command).toBe('run')
  expect(values).toMatchObject({
    input: [],
    untilDone: false,
    json: false,
    dataDir: '.millrace',
    fresh: false,
    postgres: undefined,
    port: 3110,
    host: '127.0.0.1',
    allowRemote: false,
    commitIntervalMs: 100,
  })
})

test('reads flags with their value behind a space or an equals sign', () => {
  expect(parse('--port 0 --data-dir=/data --until-done').options).toMatchObject({
    port: 0,
    dataDir: '/data',
    untilDone: true,
  })
})

test('an input may be several files', () => {
  expect(parse('--input a.csv b.ndjson.gz --json').options.input).toEqual(['a.csv', 'b.ndjson.gz'])
})

test('reads the environment, and a flag wins over it', () => {
  const environment = { MILLRACE_PORT: '4000', MILLRACE_FRESH: 'true', MILLRACE_INPUT: 'a.csv b.csv' }
  expect(parse('', environment).options).toMatchObject({ port: 4000, fresh: true, input: ['a.csv', 'b.csv'] })
  expect(parse('--port 5000', environment).options.port).toBe(5000)
})

test('Postgres comes from the flag, else our variable, else DATABASE_URL', () => {
  const environment = { MILLRACE_POSTGRES: 'postgres://ours', DATABASE_URL: 'postgres://theirs' }
  expect(parse('--postgres postgres://flag', environment).options.postgres).toBe('postgres://flag')
  expect(parse('', environment).options.postgres).toBe('postgres://ours')
  expect(parse('', { DATABASE_URL: 'postgres://theirs' }).options.postgres).toBe('postgres://theirs')
})

test('a variable of another command is not read', () => {
  expect(parse('tail sf311.raw', { MILLRACE_PORT: 'nonsense' }).options.port).toBe(3110)
})

test.each([
  ['--prot 3000', 'unknown option --prot; did you mean --port?'],
  ['--until', 'unknown option --until; did you mean --until-done?'],
  ['tial sf311.raw', 'unknown command tial; did you mean tail?'],
  ['--port', '--port needs a value: N'],
  ['--port --json', '--port needs a value: N'],
  ['--input', '--input needs a value: datasf | simulator | FILE…'],
  ['--port 99999', '--port needs a whole number from 0 to 65535, not "99999"'],
  ['--port 3e3', '--port needs a whole number from 0 to 65535, not "3e3"'],
  ['--fresh=perhaps', '--fresh is true or false, not "perhaps"'],
  ['--port 1 --port 2', '--port is given twice'],
  ['tail', 'tail needs a TOPIC'],
  ['tail a b', 'tail does not know what to do with "b"'],
  ['tail a --port 3', '--port is not an option of tail'],
  ['describe --format pdf', '--format is one of text, mermaid, json, not "pdf"'],
])('%s is wrong: %s', (line, message) => {
  expect(() => parse(line)).toThrow(expect.objectContaining({ message, exitCode: 2 }))
})

test('an unknown variable of ours is an error that names the nearest', () => {
  expect(() => parse('', { MILLRACE_PROT: '1' })).toThrow(
    'unknown environment variable MILLRACE_PROT; did you mean MILLRACE_PORT?',
  )
})

test('a wrong value in the environment is an error that names the variable', () => {
  expect(() => parse('', { MILLRACE_PORT: 'x' })).toThrow('MILLRACE_PORT needs a whole number')
})

test('help names every option of a command with its variable and default, within 100 columns', () => {
  for (const command of ['run', 'describe', 'tail'] as const) {
    const text = helpText(command, 'San Francisco 311')
    for (const name of optionNames.filter((one) => isOf(one, command))) {
      expect(text).toContain(`${flagOf(name)}`)
      expect(text).toContain(variableOf(name))
    }
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(100)
  }
  expect(helpText('run', 'San Francisco 311')).toContain('(MILLRACE_PORT; 3110)')
  expect(helpText('run', 'San Francisco 311')).toContain('MILLRACE_POSTGRES, then DATABASE_URL')
})

function isOf(name: OptionName, command: 'run' | 'describe' | 'tail'): boolean {
  return options[name].commands.includes(command)
}
