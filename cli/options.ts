// The one table of options: flags, environment, `--help` and the types of their values all come from it.
// Reading them is option-parser.ts, printing them help.ts.
import { usageError } from './exit.ts'

export type CommandName = 'run' | 'describe' | 'tail'

export interface OptionSpec<T> {
  /** What follows the flag, as help shows it; undefined for a switch. */
  readonly value: string | undefined
  readonly help: string
  readonly commands: readonly CommandName[]
  readonly default: T
  /** A variable of others that is read when ours is not set. */
  readonly alsoEnv?: string
  /** Takes all arguments up to the next flag. */
  readonly many?: true
  /** @throws CommandError that says what would fit. */
  read(texts: readonly string[], name: string): T
}

export const options = {
  input: {
    value: 'datasf | simulator | FILE…',
    help: 'where cases come from; without it DataSF if it answers within 5 s, else the simulator',
    commands: ['run'],
    default: [],
    many: true,
    read: (texts) => texts,
  } as OptionSpec<readonly string[]>,
  untilDone: flag('end when the input has ended and everything is processed', ['run']),
  json: flag('one JSON object on stdout (tail: one a line), everything else on stderr', ['run', 'tail']),
  dataDir: text('DIR', 'where topics, state and the embedded Postgres live', ['run', 'tail'], '.millrace'),
  fresh: flag('start from nothing: clears what an earlier run left in the data directory', ['run']),
  postgres: {
    ...optionalText('URL', 'the Postgres to write to; without it an embedded one', ['run']),
    alsoEnv: 'DATABASE_URL',
  },
  kafka: {
    ...optionalText('HOST:PORT,…', 'brokers of a Kafka cluster; without it the embedded one', ['run']),
    alsoEnv: 'KAFKA_BROKERS',
  },
  redis: {
    ...optionalText('URL', 'the Redis that keeps state; without it memory', ['run']),
    alsoEnv: 'REDIS_URL',
  },
  redisCacheMb: integer(
    'N',
    'memory for what is known of Redis, MiB; 0 asks it every time',
    ['run'],
    128,
    0,
    1_048_576,
  ),
  registry: {
    ...optionalText('URL,…', 'a schema registry with Confluent’s interface; without it the embedded one', ['run']),
    alsoEnv: 'SCHEMA_REGISTRY_URL',
  },
  registryUser: {
    ...optionalText('USER:PASSWORD', 'who we are to the schema registry, where it is not in its URL', ['run']),
    alsoEnv: 'SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO',
  },
  autoRegisterSchemas: {
    ...flag('register schemas; with =false only what the registry holds already is used', ['run']),
    default: true,
  },
  autoCreateTopics: {
    ...flag('create topics that are missing; with =false they are named, with the commands', ['run']),
    default: true,
  },
  compression: choice(
    ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    'of what is written to a Kafka cluster',
    ['run'],
    'none',
  ),
  instanceId: optionalText('ID', 'name of this process in its group; default: one kept in the data directory', ['run']),
  confirm: optionalText('SCHEMA', 'allow changes of this Postgres schema that lose data', ['run']),
  boundaries: optionalText('FILE', 'neighborhood boundaries, GeoJSON or TopoJSON', ['run', 'describe']),
  port: integer('N', 'port of the page and the metrics; 0 picks a free one', ['run'], 3110, 0, 65_535),
  host: text('ADDRESS', 'where the page and the metrics listen', ['run'], '127.0.0.1'),
  allowRemote: flag('let --host be seen from other machines: whoever reaches it reads everything', ['run']),
  speed: integer(
    'N',
    'how many times faster than life the simulator runs through its past week; 1 begins now',
    ['run'],
    600,
    1,
    1_000_000,
  ),
  seed: integer('N', 'what the simulator rolls its dice with', ['run'], 311, 0, 2 ** 32 - 1),
  appToken: optionalText('TOKEN', 'DataSF application token, for a higher rate limit', ['run']),
  badLimit: integer('N', 'stop when more than N of 1,000 records are bad', ['run'], 500, 0, 1000),
  commitIntervalMs: integer('N', 'longest time between two commits', ['run'], 100, 1, 60_000),
  logFormat: choice(['text', 'json'], 'log lines for people or for programs', ['run'], 'text'),
  format: choice(['text', 'mermaid', 'json'], 'how the topology is written', ['describe'], 'text'),
  fromBeginning: flag('start at the first record instead of the end', ['tail']),
  limit: integer('N', 'stop after N records; 0 goes on', ['tail'], 0, 0, Number.MAX_SAFE_INTEGER),
}

export type OptionName = keyof typeof options

/** The values of all options; a command reads those that are its own. */
export type Options = { readonly [Name in OptionName]: (typeof options)[Name] extends OptionSpec<infer T> ? T : never }

export const optionNames = Object.keys(options).filter((name): name is OptionName => name in options)

/** `dataDir` → `--data-dir` */
export function flagOf(name: OptionName): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** `dataDir` → `MILLRACE_DATA_DIR` */
export function variableOf(name: OptionName): string {
  return `MILLRACE_${flagOf(name).slice(2).replaceAll('-', '_').toUpperCase()}`
}

function flag(help: string, commands: readonly CommandName[]): OptionSpec<boolean> {
  const values = new Map([
    ['true', true],
    ['1', true],
    ['false', false],
    ['0', false],
  ])
  const read = ([given = 'true']: readonly string[], name: string) => {
    const value = values.get(given)
    if (value === undefined) throw usageError(`${name} is true or false, not "${given}"`)
    return value
  }
  return { value: undefined, help, commands, default: false, read }
}

function text(value: string, help: string, commands: readonly CommandName[], fallback: string): OptionSpec<string> {
  return { value, help, commands, default: fallback, read: ([given = '']) => given }
}

function optionalText(value: string, help: string, commands: readonly CommandName[]): OptionSpec<string | undefined> {
  return { value, help, commands, default: undefined, read: ([given]) => given }
}

function integer(
  value: string,
  help: string,
  commands: readonly CommandName[],
  fallback: number,
  least: number,
  most: number,
): OptionSpec<number> {
  const read = ([given = '']: readonly string[], name: string) => {
    const number = Number(given)
    if (/^\d+$/.test(given) && number >= least && number <= most) return number
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`
    throw usageError(`${name} needs a whole number ${range}, not "${given}"`)
  }
  return { value, help, commands, default: fallback, read }
}

function choice<T extends string>(
  choices: readonly T[],
  help: string,
  commands: readonly CommandName[],
  fallback: T,
): OptionSpec<T> {
  const read = ([given]: readonly string[], name: string) => {
    const chosen = choices.find((one) => one === given)
    if (chosen === undefined) throw usageError(`${name} is one of ${choices.join(', ')}, not "${given}"`)
    return chosen
  }
  return { value: choices.join(' | '), help, commands, default: fallback, read }
}
