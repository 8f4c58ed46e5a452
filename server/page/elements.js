// Makes elements: HTML by `element`, SVG by `drawn`. Text always goes in as text, so nothing that a record holds is ever markup.

export function element(name, attributes = {}, ...children) {
  return filled(document.createElement(name), attributes, children)
}

export function drawn(name, attributes = {}, ...children) {
  return filled(document.createElementNS('http://www.w3.org/2000/svg', name), attributes, children)
}

/** A part as wide as its share; as a property, because the content policy forbids style attributes. */
export function wide(made, share) {
  made.style.width = `${(100 * share).toFixed(3)}%`
  return made
}

export function byId(id) {
  return document.getElementById(id)
}

function filled(made, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value)
  made.append(...children)
  return made
}
