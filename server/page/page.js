// Puts the page together: loads what never changes, then shows every snapshot as it comes.
import { showAccounting } from './accounting.js'
import { TopologyDrawing } from './drawing.js'
import { byId } from './elements.js'
import { Live } from './live.js'
import { watchReadiness } from './readiness.js'
import { showFreshness, showGlance, showState } from './status.js'
import { Volume } from './volume.js'

const load = async (path) => (await fetch(path)).json()
const [about, layout] = await Promise.all([load('/api/about'), load('/api/drawing')])

document.title = about.title
byId('title').textContent = about.title
byId('version').textContent = `Millrace ${about.version} · ${about.app} · topology ${about.hash.slice(0, 12)}`

const live = new Live()
const drawing = new TopologyDrawing(layout, live)
const volume = new Volume(about.zone, live)
const sources = layout.shapes.filter(({ caption }) => caption === 'source topic')

live.onSnapshot(() => {
  showState(live)
  showGlance(live, { sources, zone: about.zone })
  showAccounting(live, sources)
  drawing.update()
})
setInterval(() => showFreshness(live), 500)
byId('pause').addEventListener('click', ({ currentTarget }) => {
  live.paused = !live.paused
  currentTarget.textContent = live.paused ? 'Resume' : 'Pause'
  currentTarget.setAttribute('aria-pressed', String(live.paused))
})

live.start()
watchReadiness()
volume.load()
