// What is not ready: which check fails, why, and for how long. Nothing is shown while all is well.
import { byId, element } from './elements.js'
import { age } from './format.js'

const askAfterMs = 5000

export function watchReadiness() {
  showReadiness()
  setInterval(showReadiness, askAfterMs)
}

async function showReadiness() {
  if (document.hidden) return
  const answer = await fetch('/api/checks').catch(() => undefined)
  if (!answer?.ok) return
  const { at, checks } = await answer.json()
  const failed = checks.filter(({ ok }) => !ok)
  const trouble = byId('trouble')
  trouble.hidden = failed.length === 0
  trouble.replaceChildren(element('ul', {}, ...failed.map((check) => shownCheck(check, at))))
}

function shownCheck({ check, reason, since }, at) {
  const lasting = since === undefined ? '' : `, for ${age(at - Date.parse(since))}`
  return element('li', {}, element('strong', {}, check), ` ${reason}${lasting}`)
}
