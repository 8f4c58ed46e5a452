// What a run says once it is up: where to look.
import type { Environment } from './option-parser.ts'

export interface Places {
  readonly title: string
  readonly input: string
  readonly page: string
  readonly postgresUrl: string
  readonly directory: string
}

export function banner(
  { title, input, page, postgresUrl, directory }: Places,
  isTerminal: boolean,
  environment: Environment,
): string {
  const bold =
    isTerminal && !environment.NO_COLOR ? (text: string) => `\u001b[1m${text}\u001b[0m` : (text: string) => text
  const lines = [
    ['Input', input],
    ['Page', page],
    ['Metrics', `${page}/metrics`],
    ['Postgres', postgresUrl],
    ['Data', directory],
  ] as const
  const body = lines.map(([name, place]) => `  ${name.padEnd(10)}${bold(place)}`)
  return [
    '',
    `${bold(title)} is running.`,
    '',
    ...body,
    '',
    '  Ctrl-C stops it; starting again goes on where it stopped.',
    '',
    '',
  ].join('\n')
}
