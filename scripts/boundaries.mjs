// Makes cities/sf/boundaries.json, one quantised topology of San Francisco's boundaries, from the city's GeoJSON exports:
//   node scripts/boundaries.mjs ../shared/data/geo
// Many cases lie on a street that is a boundary, within centimetres of it. So the lines between areas keep the exports' own grid and nearly
// all their vertices; what only one area uses – the shore, with nine of ten vertices – is simplified.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { quantize } from 'topojson-client'
import { topology } from 'topojson-server'
import { presimplify, simplify } from 'topojson-simplify'

const BYTES_MAX = 150_000
/** Degrees; the exports are rounded to it. */
const GRID = 1e-6
const target = new URL('../cities/sf/boundaries.json', import.meta.url)

/** Names as the cases write them, where the export has lost an apostrophe. */
const renamed = { 'Fishermans Wharf': "Fisherman's Wharf", 'St. Marys Park': "St. Mary's Park" }
const titled = (name) => name.charAt(0) + name.slice(1).toLowerCase()

/** A vertex goes when the triangle it spans is smaller than this, in square degrees: 1e-10 is about one square metre here. */
const layers = {
  neighborhood: { file: 'sf-analysis-neighborhoods', name: ({ nhood }) => nhood, between: 5e-10, shore: 5e-8 },
  // Neighbors in this export rarely share their vertices: whole rings are smaller than what is shared and what is not.
  sffindNeighborhood: {
    file: 'sf-sffind-neighborhoods',
    name: ({ name }) => renamed[name] ?? name,
    between: 4e-9,
    shore: 4e-9,
    wholeRings: true,
  },
  supervisorDistrict: {
    file: 'sf-supervisor-districts-2022',
    name: ({ sup_dist }) => sup_dist,
    between: 5e-10,
    shore: 1e-7,
  },
  policeDistrict: { file: 'sf-police-districts', name: ({ district }) => titled(district), between: 2e-9, shore: 1e-7 },
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('name the folder that holds the GeoJSON files')
const arcs = []
const objects = {}
for (const [layer, source] of Object.entries(layers)) {
  const simplified = simplifiedLayer(source)
  objects[layer] = shifted(simplified.objects.areas, arcs.length)
  arcs.push(...simplified.arcs)
}
const [west, south] = arcs.flat().reduce(([w, s], [x, y]) => [Math.min(w, x), Math.min(s, y)])
const quantised = quantize({ type: 'Topology', objects, arcs }, { scale: [GRID, GRID], translate: [west, south] })
const json = JSON.stringify({
  source:
    'City and County of San Francisco, DataSF (data.sfgov.org): Analysis Neighborhoods (p5b7-5n3h, export of 2024), SF Find Neighborhoods, ' +
    'Supervisor Districts 2022 (f2zs-jevy), Police Districts (before July 2015); simplified and quantised by scripts/boundaries.mjs',
  licence: 'Open Data Commons Public Domain Dedication and License (PDDL) 1.0',
  ...quantised,
})
if (json.length >= BYTES_MAX) throw new Error(`${json.length} bytes are not below ${BYTES_MAX}: simplify more`)
writeFileSync(target, `${json}\n`)
console.log(
  `cities/sf/boundaries.json: ${json.length} bytes, ${arcs.length} arcs, ${quantised.arcs.flat().length} vertices`,
)

function simplifiedLayer({ file, name, between, shore, wholeRings = false }) {
  const { features } = JSON.parse(readFileSync(join(folder, `${file}.geojson`), 'utf8'))
  const areas = {
    type: 'FeatureCollection',
    features: features.map(({ geometry, properties }) => ({
      type: 'Feature',
      properties: { name: name(properties) },
      geometry,
    })),
  }
  const { joined, isShared } = joinUnshared(topology({ areas }), wholeRings)
  const weighed = presimplify(joined)
  const scaled = weighed.arcs.map((arc, i) =>
    isShared[i] ? arc : arc.map(([x, y, weight]) => [x, y, (weight * between) / shore]),
  )
  return simplify({ ...weighed, arcs: scaled }, between)
}

/** TopoJSON writes an arc used backwards as the complement of its index. */
function indexOf(arc) {
  return arc < 0 ? ~arc : arc
}

/** Joins neighboring arcs that only one ring uses: no junction has to be kept between them. */
function joinUnshared({ objects, arcs }, wholeRings) {
  const uses = new Map()
  const rings = objects.areas.geometries.flatMap((area) => (area.type === 'Polygon' ? area.arcs : area.arcs.flat()))
  for (const arc of rings.flat()) uses.set(indexOf(arc), wholeRings ? 1 : (uses.get(indexOf(arc)) ?? 0) + 1)
  const kept = new Map()
  const out = []
  const isShared = []
  const add = (points, shared) => isShared.push(shared) && out.push(points) - 1
  const oriented = (arc) => (arc < 0 ? arcs[~arc].toReversed() : arcs[arc])
  const joinRing = (ring) => {
    const joined = []
    let open
    for (const arc of startedAtShared(ring)) {
      const index = indexOf(arc)
      if (uses.get(index) > 1) {
        if (!kept.has(index)) kept.set(index, add(arcs[index], true))
        joined.push(arc < 0 ? ~kept.get(index) : kept.get(index))
        open = undefined
      } else if (open) {
        open.push(...oriented(arc).slice(1))
      } else {
        open = [...oriented(arc)]
        joined.push(add(open, false))
      }
    }
    return joined
  }
  const startedAtShared = (ring) => {
    const at = Math.max(
      0,
      ring.findIndex((arc) => uses.get(indexOf(arc)) > 1),
    )
    return [...ring.slice(at), ...ring.slice(0, at)]
  }
  const geometries = objects.areas.geometries.map((area) => ({
    ...area,
    arcs: area.type === 'Polygon' ? area.arcs.map(joinRing) : area.arcs.map((polygon) => polygon.map(joinRing)),
  }))
  return { joined: { type: 'Topology', objects: { areas: { ...objects.areas, geometries } }, arcs: out }, isShared }
}

/** The layer's geometries, their arcs counted from `by` on. */
function shifted(collection, by) {
  const shift = (arcs) => (Array.isArray(arcs) ? arcs.map(shift) : arcs < 0 ? arcs - by : arcs + by)
  return { ...collection, geometries: collection.geometries.map((area) => ({ ...area, arcs: shift(area.arcs) })) }
}
