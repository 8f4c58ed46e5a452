import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { systemClock } from '../../core/clock.ts'
import { NotReady, type ReadyCheck } from '../../server/health.ts'
import { sampleServer } from './sample-server.ts'
import { sampleSnapshot } from './sample-snapshot.ts'

const executablePath = ['chromium', 'chromium-browser', 'google-chrome']
  .map(findOnPath)
  .find((path) => path !== undefined)
const missing = 'there is no Chromium on the PATH'

const startedAt = Date.now()
/** Some 1,200 records a second. */
const snapshot = () => {
  const at = Date.now()
  const read = 35_490 + Math.floor((at - startedAt) * 1.2)
  return sampleSnapshot({ at, read, written: read + 640 })
}
const failing: ReadyCheck[] = []
const server = sampleServer(systemClock, { snapshot, checks: () => failing })
let browser: Browser
let url: string

beforeAll(async () => {
  if (executablePath === undefined) return
  url = await server.listen(0)
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
})
beforeEach(({ skip }) => {
  if (executablePath !== undefined) return
  if (process.env.CI) throw new Error(missing)
  skip(missing)
})
afterAll(async () => {
  await browser?.close()
  await server.close()
})

/** A page that has shown two snapshots; `problems` are errors, warnings and requests to anywhere else. */
async function open(options: BrowserContextOptions = {}): Promise<{ page: Page; problems: string[] }> {
  const page = await browser.newPage(options)
  const problems: string[] = []
  page.on('pageerror', (error) => problems.push(error.message))
  page.on('console', (message) => message.type() !== 'log' && problems.push(message.text()))
  page.on('request', (request) => !request.url().startsWith(url) && problems.push(request.url()))
  await page.goto(url)
  await page.waitForSelector('#volume table')
  await page.waitForSelector('.connection.flowing', { state: 'attached' })
  return { page, problems }
}

test('shows state, rates, accounting, topology and counts without an error or a request elsewhere', async () => {
  const { page, problems } = await open()
  expect(await page.title()).toBe('San Francisco 311')
  expect(await page.textContent('#state')).toBe('running')
  expect(await page.textContent('#glance')).toMatch(/Reading[\d,.]+K? records\/s/)
  expect(await page.textContent('#accounting')).toMatch(/read from sf311\.raw = [\d,]+ accepted \+ [\d,]+ conflict \+/)
  expect(await page.textContent('#drawing')).toContain('hourly-volume')
  expect(await page.textContent('#volume tbody tr:first-child th')).toBe('Mission')
  expect(problems).toEqual([])
  await page.close()
})

test('what was read is the sum of its parts', async () => {
  const { page } = await open()
  const sentence = (await page.textContent('#accounting .sum')) ?? ''
  const [read = 0, ...parts] = [...sentence.replaceAll('sf311', '').matchAll(/[\d,]+(?= [a-z])/g)].map(([text]) =>
    Number(text.replaceAll(',', '')),
  )
  expect(parts.reduce((sum, part) => sum + part, 0)).toBe(read)
  await page.close()
})

test('keeps the chosen day in its address', async () => {
  const { page } = await open()
  await page.click('#day-before')
  await page.waitForSelector('#day:text-is("Sat, 11 February 2023")')
  expect(page.url()).toBe(`${url}/?day=2023-02-11T08:00:00.000Z`)
  await page.waitForSelector('#volume .empty')
  await page.goBack()
  await page.waitForSelector('#day:text-is("Sun, 12 February 2023")')
  await page.close()
})

test('stands still while it is paused', async () => {
  const { page } = await open()
  await page.click('#pause')
  await page.waitForSelector('#freshness:has-text("paused at")')
  expect(await page.getAttribute('#pause', 'aria-pressed')).toBe('true')
  await page.close()
})

test('says what is not ready, why, and for how long, and nothing while all is well', async () => {
  const { page, problems } = await open()
  expect(await page.isVisible('#trouble')).toBe(false)
  failing.push({
    name: 'redis',
    check: () => Promise.reject(new NotReady('connection refused', Date.now() - 200_000)),
  })
  await page.waitForSelector('#trouble:has-text("redis connection refused, for 3 min")', { timeout: 10_000 })
  failing.length = 0
  expect(problems).toEqual([])
  await page.close()
})

test('fits a phone of 320 px without scrolling sideways', async () => {
  const { page, problems } = await open({ viewport: { width: 320, height: 700 } })
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(320)
  expect(problems).toEqual([])
  await page.close()
})

function findOnPath(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(delimiter)
    .map((folder) => join(folder, name))
    .find((path) => isExecutable(path))
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
