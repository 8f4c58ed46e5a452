// The head of the page: state, freshness, and the five figures that tell whether all is well.
import { byId, element } from './elements.js'
import { age, clockTime, compact, count, dateAndTime, rate } from './format.js'

const goodStates = ['running']
const badStates = ['failed']

export function showState({ newest }) {
  const state = byId('state')
  if (state.textContent === newest.state) return
  state.textContent = newest.state
  const mood = goodStates.includes(newest.state) ? 'good' : badStates.includes(newest.state) ? 'bad' : 'warn'
  state.className = `badge ${mood}`
}

/** Says how old the page is; silence is shown, not hidden. */
export function showFreshness(live) {
  const { ageMs, paused, newest } = live
  if (newest === undefined) return
  const silent = ageMs > 5000 && !paused
  const text = paused ? `paused at ${clockTime(newest.at)}` : silent ? `stale: nothing for ${age(ageMs)}` : `live, as of ${clockTime(newest.at)}`
  byId('freshness').replaceChildren(silent ? element('span', { class: 'stale' }, text) : text)
}

export function showGlance(live, { sources, zone }) {
  const { newest } = live
  const read = sources.flatMap(({ outOf }) => outOf)
  const topics = sources.map(({ label }) => label)
  const inputs = newest.tasks.flatMap((task) => task.inputs)
  const waiting = (of) => of.reduce((sum, { end, committed }) => sum + Math.max(0, end - committed), 0)
  const watermarks = newest.tasks.map(({ watermark }) => watermark).filter((one) => one !== undefined && one !== null)
  const letters = newest.nodes.reduce((sum, { outcomes }) => sum + deadLetters(outcomes), 0)
  const atSource = waiting(inputs.filter(({ topic }) => topics.includes(topic)))
  byId('glance').replaceChildren(
    figure('Reading', rate(live.rate(read, 'out')), 'records/s', `${count(live.total(read, 'out'))} read so far`),
    figure('Lag', compact(atSource), 'records', `${compact(waiting(inputs))} on all topics`),
    figure('Event time', watermarks.length === 0 ? '–' : dateAndTime(Math.min(...watermarks), zone).split(', ')[1], '', watermarks.length === 0 ? 'no record yet' : dateAndTime(Math.min(...watermarks), zone).split(', ')[0]),
    figure('Last commit', newest.lastCommitAt === undefined ? '–' : age(newest.at - newest.lastCommitAt), 'ago', `${count(newest.commits)} commits in this run`),
    figure('Dead letters', count(letters), '', letters === 0 ? 'every record could be read' : 'kept with their reasons'),
    ...restoring(newest),
  )
}

export function deadLetters(outcomes) {
  const letters = Object.entries(outcomes).filter(([outcome]) => outcome.startsWith('dead_letter:'))
  return letters.reduce((sum, [, number]) => sum + number, 0)
}

function restoring({ state, restore }) {
  if (state !== 'restoring' || !restore) return []
  return [figure('Restoring', compact(restore.done), `of ${compact(restore.total)}`, 'changelog records')]
}

function figure(name, value, unit, about) {
  return element(
    'div',
    {},
    element('dt', {}, name),
    element('dd', {}, element('span', { class: 'figure' }, value), element('span', { class: 'unit' }, unit && ` ${unit}`), element('span', { class: 'about' }, about)),
  )
}
