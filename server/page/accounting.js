// The accounting strip: every record that was read is invalid, a duplicate, stale, a conflict, dropped for another reason, or accepted.
import { byId, element, wide } from './elements.js'
import { count, share } from './format.js'
import { deadLetters } from './status.js'

const words = [
  ['accepted', 'accepted', 'new or newer versions, counted'],
  ['conflict', 'conflict', 'same version, other content: the later one counts'],
  ['duplicate', 'duplicate', 'seen before'],
  ['stale', 'stale-version', 'older than what is known'],
]

export function showAccounting({ newest }, sources) {
  const accounts = sources.map((source) => accountOf(source, newest)).filter(({ read }) => read > 0)
  if (accounts.length > 0) byId('accounting').replaceChildren(...accounts.map(shownAccount))
}

/** The steps of the sub-topology that reads the topic share out what was read. */
function accountOf({ label, outOf }, { nodes }) {
  const sourceNodes = nodes.filter(({ node }) => outOf.includes(node))
  const read = sourceNodes.reduce((sum, node) => sum + node.in, 0)
  const own = nodes.filter(({ subtopology }) => sourceNodes.some((source) => source.subtopology === subtopology))
  const outcomes = {}
  for (const node of own) for (const [name, number] of Object.entries(node.outcomes)) outcomes[name] = (outcomes[name] ?? 0) + number
  const known = words.map(([name, style, about]) => ({ name, style, about, number: outcomes[name] ?? 0 }))
  const others = Object.keys(outcomes).filter((name) => !name.startsWith('dead_letter:') && !words.some(([word]) => word === name))
  const parts = [
    ...known,
    ...others.map((name) => ({ name: name.replaceAll('_', ' '), style: 'other', about: 'went no further', number: outcomes[name] })),
    { name: 'invalid', style: 'invalid', about: 'in the dead letters', number: deadLetters(outcomes) },
  ]
  const rest = read - parts.reduce((sum, { number }) => sum + number, 0)
  if (outcomes.accepted === undefined) parts[0] = { name: 'passed on', style: 'accepted', about: 'went on through the topology', number: rest }
  else if (rest !== 0) parts.push({ name: 'in flight', style: 'waiting', about: 'between two commits', number: rest })
  return { label, read, parts }
}

function shownAccount({ label, read, parts }) {
  const strip = parts.filter(({ number }) => number > 0).map(({ style, number }) => wide(element('span', { class: style }), number / read))
  const sum = parts.map(({ number, name }) => `${count(number)} ${name}`).join(' + ')
  return element(
    'div',
    {},
    element('p', { class: 'sum' }, element('strong', {}, `${count(read)} read`), ` from ${label} = ${sum}`),
    element('div', { class: 'strip', 'aria-hidden': 'true' }, ...strip),
    element('ul', { class: 'parts' }, ...parts.map((part) => shownPart(part, read))),
  )
}

function shownPart({ name, style, about, number }, read) {
  const swatch = element('span', { class: `swatch ${style}`, 'aria-hidden': 'true' })
  return element('li', {}, swatch, element('span', { class: 'part' }, element('strong', {}, share(number, read)), ` ${name}`), element('small', {}, about))
}
