// Requests per neighborhood of one local day: opened, closed, and the shape of the day. The day stands in the URL.
import { byId, drawn, element, wide } from './elements.js'
import { count, dateAndTime, dayName, hourOf, startOfDay } from './format.js'

const refreshMs = 5000

export class Volume {
  #zone
  #live
  /** Start of the chosen day; undefined follows the latest. */
  #chosen = chosenInUrl()
  #shown
  #latest

  constructor(zone, live) {
    this.#zone = zone
    this.#live = live
    byId('day-before').addEventListener('click', () => this.#choose(startOfDay(this.#shown, zone, -1)))
    byId('day-after').addEventListener('click', () => this.#choose(startOfDay(this.#shown, zone, 1)))
    byId('day-latest').addEventListener('click', () => this.#choose(undefined))
    addEventListener('popstate', () => this.#choose(chosenInUrl(), false))
    setInterval(() => !document.hidden && !live.paused && this.load(), refreshMs)
  }

  async load() {
    try {
      const [newest] = (await ask({ limit: 1 })).rows
      if (newest === undefined) return
      this.#latest = startOfDay(newest.at, this.#zone)
      const from = this.#chosen ?? this.#latest
      const { rows } = await ask({ from, to: startOfDay(from, this.#zone, 1) })
      this.#show(from, rows)
    } catch (error) {
      byId('volume-note').textContent = `The counts cannot be read now: ${error.message}`
    }
  }

  #choose(day, remember = true) {
    this.#chosen = day
    const url = day === undefined ? location.pathname : `?day=${new Date(day).toISOString()}`
    if (remember) history.pushState({}, '', url)
    this.load()
  }

  #show(from, rows) {
    this.#shown = from
    byId('day').textContent = dayName(from, this.#zone)
    byId('day-after').disabled = from >= this.#latest
    byId('day-latest').disabled = this.#chosen === undefined
    byId('volume-note').textContent = note(rows, this.#zone)
    const shown = rows.length === 0 ? element('p', { class: 'empty' }, 'No request was opened or closed on this day.') : table(rows, this.#zone)
    byId('volume').replaceChildren(shown)
  }
}

async function ask(parameters) {
  const answer = await fetch(`/api/volume?${new URLSearchParams(parameters)}`)
  const body = await answer.json()
  if (!answer.ok) throw new Error(body.error)
  return body
}

function chosenInUrl() {
  const day = Date.parse(new URLSearchParams(location.search).get('day') ?? '')
  return Number.isNaN(day) ? undefined : day
}

function note(rows, zone) {
  if (rows.length === 0) return ''
  const opened = rows.reduce((sum, row) => sum + row.opened, 0)
  const newest = Math.max(...rows.map(({ at }) => at))
  const open = rows.some(({ status }) => status === 'provisional')
  const until = dateAndTime(newest + 3_600_000, zone).split(', ')[1]
  return `${count(opened)} opened until ${until}, ${zone.replace('_', ' ')}${open ? '; pale hours are provisional, late cases may still change them' : ''}`
}

function table(rows, zone) {
  const names = [...new Set(rows.map(({ neighborhood }) => neighborhood))]
  const lines = names.map((name) => lineOf(name, rows.filter(({ neighborhood }) => neighborhood === name)))
  const most = Math.max(...lines.map(({ opened }) => opened), 1)
  const highest = Math.max(...rows.map(({ opened }) => opened), 1)
  const heads = [['Neighborhood'], ['Opened', 'number'], ['', 'bar'], ['Closed', 'number'], ['By hour, 0 to 24', 'hours']]
  return element(
    'table',
    {},
    element('thead', {}, element('tr', {}, ...heads.map(([text, style]) => element(text === '' ? 'td' : 'th', { class: style, scope: text === '' ? undefined : 'col' }, text)))),
    element('tbody', {}, ...lines.sort((a, b) => b.opened - a.opened || (a.name < b.name ? -1 : 1)).map((line) => shownLine(line, most, highest, zone))),
  )
}

function lineOf(name, hours) {
  const sum = (field) => hours.reduce((total, row) => total + row[field], 0)
  return { name, hours, opened: sum('opened'), closed: sum('closed') }
}

function shownLine({ name, opened, closed, hours }, most, highest, zone) {
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    element('td', { class: 'number' }, count(opened)),
    element('td', { class: 'bar' }, wide(element('span'), opened / most)),
    element('td', { class: 'number' }, count(closed)),
    element('td', { class: 'hours' }, dayShape(hours, highest, zone)),
  )
}

function dayShape(hours, highest, zone) {
  const bars = hours.map(({ at, opened, status }) => {
    const height = (18 * opened) / highest
    return drawn('rect', { x: hourOf(at, zone) * 5, y: 20 - height, width: 4, height, class: status }, drawn('title', {}, `${opened} opened, ${status}`))
  })
  return drawn('svg', { viewBox: '0 0 120 20', role: 'img', 'aria-label': `highest hour ${Math.max(...hours.map(({ opened }) => opened))}` }, ...bars)
}
