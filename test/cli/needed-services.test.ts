import { expect, test } from 'vitest'
import { requireNeededServices } from '../../cli/needed-services.ts'
import { parseCommandLine } from '../../cli/option-parser.ts'

const check = (...line: string[]) => requireNeededServices(parseCommandLine(line, {}).options)

test.each([
  ['--auto-register-schemas=false', '--registry'],
  ['--auto-create-topics=false', '--kafka'],
  ['--compression=gzip', '--kafka'],
  ['--redis-cache-mb=64', '--redis'],
])('%s would do nothing without %s, so it is refused', (option, service) => {
  expect(() => check(option)).toThrow(expect.objectContaining({ exitCode: 2 }))
  expect(() => check(option)).toThrow(`needs ${service}:`)
  expect(() => check(option, service, 'http://there:1')).not.toThrow()
})

test('the defaults need nobody', () => {
  expect(() => check()).not.toThrow()
})
