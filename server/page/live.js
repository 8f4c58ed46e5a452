// The stream of snapshots: server-sent events, polling when they do not come, rates from the last seconds, and how old the newest one is.

const remembered = 6
const pollAfterMs = 6000

export class Live {
  #snapshots = []
  #listeners = []
  #source
  #receivedAt
  #paused = false

  /** `listener(live)` is called with every snapshot. */
  onSnapshot(listener) {
    this.#listeners.push(listener)
  }

  start() {
    this.#connect()
    setInterval(() => this.#pollWhenSilent(), 3000)
  }

  get newest() {
    return this.#snapshots.at(-1)
  }

  get paused() {
    return this.#paused
  }

  /** Since the newest snapshot came; undefined before the first. */
  get ageMs() {
    return this.#receivedAt === undefined ? undefined : performance.now() - this.#receivedAt
  }

  set paused(paused) {
    this.#paused = paused
    if (paused) this.#source.close()
    else this.#connect()
  }

  /** Records a second that went `in` or `out` of the nodes; undefined while only one snapshot is known. */
  rate(names, direction) {
    const [oldest] = this.#snapshots
    const newest = this.newest
    if (newest === undefined || newest.at === oldest.at) return undefined
    const moved = total(newest, names, direction) - total(oldest, names, direction)
    return Math.max(0, (1000 * moved) / (newest.at - oldest.at))
  }

  total(names, direction) {
    return this.newest === undefined ? 0 : total(this.newest, names, direction)
  }

  #connect() {
    this.#source = new EventSource('/api/events')
    this.#source.addEventListener('snapshot', ({ data }) => this.#take(JSON.parse(data)))
  }

  async #pollWhenSilent() {
    if (this.#paused || document.hidden || (this.ageMs ?? pollAfterMs) < pollAfterMs) return
    const answer = await fetch('/api/snapshot').catch(() => undefined)
    if (answer?.ok) this.#take(await answer.json())
  }

  #take(snapshot) {
    if (snapshot === null || this.#paused) return
    this.#receivedAt = performance.now()
    this.#snapshots.push(snapshot)
    if (this.#snapshots.length > remembered) this.#snapshots.shift()
    for (const listener of this.#listeners) listener(this)
  }
}

function total(snapshot, names, direction) {
  return snapshot.nodes.filter(({ node }) => names.includes(node)).reduce((sum, node) => sum + node[direction], 0)
}
