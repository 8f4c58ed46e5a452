// Paints the drawing that the server has laid out, then only changes its numbers: every second, without touching the shapes.
import { byId, drawn, element } from './elements.js'
import { compact, count, rate } from './format.js'
import { deadLetters } from './status.js'

const bodyHeight = 62
const storeHeight = 26

export class TopologyDrawing {
  #drawing
  #live
  #updates = []

  constructor(drawing, live) {
    this.#drawing = drawing
    this.#live = live
    const { width, height } = drawing
    const picture = drawn('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'Topology: the table below holds the same' })
    picture.append(
      arrowHead(),
      ...drawing.boxes.map(box),
      ...drawing.connections.map((one) => this.#connection(one)),
      ...drawing.shapes.map((shape) => this.#shape(shape)),
    )
    byId('drawing').replaceChildren(picture)
  }

  update() {
    if (this.#live.newest === undefined) return
    for (const update of this.#updates) update()
    byId('nodes').replaceChildren(...nodeTable(this.#drawing.shapes, this.#live))
  }

  /** Flows while what it leads to takes records in. */
  #connection({ to, kind, path }) {
    const line = drawn('path', { d: path, class: `connection ${kind === 'stream' ? '' : 'to-letters'}`, 'marker-end': 'url(#arrow)' })
    const end = this.#drawing.shapes.find(({ id }) => id === to)
    if (kind === 'stream') this.#updates.push(() => line.classList.toggle('flowing', (this.#live.rate(end.inOf, 'in') ?? 0) > 0))
    return line
  }

  #shape(shape) {
    const { x, y, kind, label, caption, stores, width } = shape
    const group = drawn('g', { class: kind === 'dead letters' ? 'letters' : kind, transform: `translate(${x} ${y})` }, drawn('title', {}, `${label} (${caption})`), outline(shape))
    group.append(
      name(label, width),
      drawn('text', { x: 12, y: 29, class: 'caption' }, shortened(caption, width / 6.8)),
      ...this.#counts(shape),
      ...stores.map((store, i) => this.#store(store, bodyHeight + i * storeHeight, shape.width)),
    )
    return group
  }

  /** Up to two lines: what came in and what went out, in all and a second. A topic: what was written and read. */
  #counts({ kind, inOf, outOf, width }) {
    if (kind === 'dead letters') return this.#letterCount(width)
    const [inName, outName] = kind === 'topic' ? ['written', 'read'] : kind === 'table' ? ['rows', ''] : ['in', 'out']
    const lines = [
      { name: inName, nodes: inOf, direction: 'in', y: 43 },
      { name: outName, nodes: outOf, direction: kind === 'topic' ? 'in' : 'out', y: 55 },
    ]
    return lines.filter(({ nodes }) => nodes.length > 0).flatMap(({ name, nodes, direction, y }) => {
      const all = drawn('text', { x: width - 62, y, class: 'count' })
      const now = drawn('text', { x: width - 10, y, class: 'rate' })
      this.#updates.push(() => {
        all.textContent = compact(this.#live.total(nodes, direction))
        now.textContent = `${rate(this.#live.rate(nodes, direction))}/s`
      })
      return [drawn('text', { x: 12, y, class: 'count-name' }, name), all, now]
    })
  }

  #letterCount(width) {
    const all = drawn('text', { x: width - 12, y: 49, class: 'count' })
    this.#updates.push(() => {
      all.textContent = count(this.#live.newest.nodes.reduce((sum, { outcomes }) => sum + deadLetters(outcomes), 0))
    })
    return [drawn('text', { x: 12, y: 49, class: 'count-name' }, 'written'), all]
  }

  #store(name, y, width) {
    const entries = drawn('text', { x: width - 18, y: 18, class: 'count' })
    this.#updates.push(() => {
      entries.textContent = compact(storeEntries(this.#live.newest, name))
    })
    const [left, right, bottom] = [8, width - 8, storeHeight - 3]
    const lid = `M${left} 5C${left} 1 ${right} 1 ${right} 5C${right} 9 ${left} 9 ${left} 5`
    const body = drawn('path', { d: `${lid}V${bottom - 3}C${left} ${bottom + 1} ${right} ${bottom + 1} ${right} ${bottom - 3}V5` })
    return drawn('g', { class: 'store', transform: `translate(0 ${y})` }, drawn('title', {}, `${name}: entries`), body, drawn('text', { x: 16, y: 18, class: 'caption' }, shortened(name, 17)), entries)
  }
}

function outline({ kind, width }) {
  if (kind === 'topic' || kind === 'dead letters') return drawn('path', { d: `M8 0H${width - 8}L${width} ${bodyHeight / 2}L${width - 8} ${bodyHeight}H8L0 ${bodyHeight / 2}Z` })
  if (kind === 'table') return drawn('path', { d: `M0 0H${width}V${bodyHeight}H0ZM0 33H${width}` })
  return drawn('rect', { width, height: bodyHeight, rx: 8 })
}

/** A name that is a little too wide is drawn closer, a much longer one is cut. */
function name(label, width) {
  const text = shortened(label, width / 7.2)
  const isTight = text.length > (width - 20) / 7.8
  return drawn('text', { x: 12, y: 17, class: 'label', textLength: isTight ? width - 22 : undefined, lengthAdjust: 'spacingAndGlyphs' }, text)
}

function box({ x, y, width, height, label }) {
  return drawn('g', {}, drawn('rect', { x, y, width, height, rx: 10, class: 'box' }), drawn('text', { x: x + 10, y: y + 14, class: 'box-label' }, label))
}

function arrowHead() {
  const head = drawn('marker', { id: 'arrow', viewBox: '0 0 8 8', refX: 7, refY: 4, markerWidth: 6, markerHeight: 6, orient: 'auto' }, drawn('path', { d: 'M0 0L8 4L0 8Z', class: 'arrow' }))
  return drawn('defs', {}, head)
}

function nodeTable(shapes, live) {
  const head = ['Shape', 'What it is', 'In', 'In/s', 'Out', 'Out/s'].map((name, i) => element('th', { scope: 'col', class: i > 1 ? 'number' : undefined }, name))
  const rows = shapes.map(({ kind, label, caption, inOf, outOf }) => {
    const outDirection = kind === 'topic' ? 'in' : 'out'
    const numbers = [[inOf, 'in'], [outOf, outDirection]].flatMap(([names, direction]) =>
      names.length === 0 ? ['', ''] : [count(live.total(names, direction)), rate(live.rate(names, direction))],
    )
    return element('tr', {}, element('th', { scope: 'row' }, label), element('td', {}, caption), ...numbers.map((text) => element('td', { class: 'number' }, text)))
  })
  return [element('thead', {}, element('tr', {}, ...head)), element('tbody', {}, ...rows)]
}

function storeEntries({ tasks }, name) {
  return tasks.flatMap(({ stores }) => stores).filter(({ store }) => store === name).reduce((sum, { entries }) => sum + entries, 0)
}

function shortened(text, most) {
  return text.length <= most ? text : `${text.slice(0, Math.floor(most) - 1)}…`
}
