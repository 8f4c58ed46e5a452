// Makes cities/sf/boundaries.json, the quantised topology of San Francisco's boundaries, from the city's GeoJSON exports:
//   node scripts/boundaries.mjs ../shared/data/geo
// The folder holds sf-analysis-neighborhoods, sf-sffind-neighborhoods, sf-supervisor-districts-2022 and sf-police-districts (.geojson).
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { quantize } from 'topojson-client'
import { topology } from 'topojson-server'
import { presimplify, simplify } from 'topojson-simplify'

const BYTES_MAX = 150_000
const target = new URL('../cities/sf/boundaries.json', import.meta.url)

/** Names as the cases write them, where the boundary file has lost an apostrophe. */
const renamed = { 'Fishermans Wharf': "Fisherman's Wharf", 'St. Marys Park': "St. Mary's Park" }
const titled = (name) => name.charAt(0) + name.slice(1).toLowerCase()

const layers = {
  neighborhood: { file: 'sf-analysis-neighborhoods', name: ({ nhood }) => nhood },
  sffindNeighborhood: { file: 'sf-sffind-neighborhoods', name: ({ name }) => renamed[name] ?? name },
  supervisorDistrict: { file: 'sf-supervisor-districts-2022', name: ({ sup_dist }) => sup_dist },
  policeDistrict: { file: 'sf-police-districts', name: ({ district }) => titled(district) },
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { grid: { type: 'string', default: '65536' }, weight: { type: 'string', default: '4e-10' } },
})
const folder = positionals[0]
if (folder === undefined) throw new Error('name the folder that holds the GeoJSON files')

const readLayer = ({ file, name }) => {
  const { features } = JSON.parse(readFileSync(join(folder, `${file}.geojson`), 'utf8'))
  return {
    type: 'FeatureCollection',
    features: features.map(({ geometry, properties }) => ({
      type: 'Feature',
      properties: { name: name(properties) },
      geometry,
    })),
  }
}
const full = topology(Object.fromEntries(Object.entries(layers).map(([layer, source]) => [layer, readLayer(source)])))
// The weight is the area of the triangle a vertex spans, in square degrees: 1e-10 is about one square metre here.
const simplified = quantize(simplify(presimplify(full), Number(values.weight)), Number(values.grid))
const json = JSON.stringify({
  source:
    'City and County of San Francisco, DataSF (data.sfgov.org): Analysis Neighborhoods (p5b7-5n3h, 2024), SF Find Neighborhoods, ' +
    'Supervisor Districts 2022 (f2zs-jevy), Police Districts (before July 2015); simplified and quantised by scripts/boundaries.mjs',
  licence: 'Open Data Commons Public Domain Dedication and License (PDDL) 1.0',
  ...simplified,
})
if (json.length > BYTES_MAX) throw new Error(`${json.length} bytes are more than ${BYTES_MAX}: raise --weight`)
writeFileSync(target, `${json}\n`)
console.log(
  `${target.pathname}: ${json.length} bytes, ${simplified.arcs.reduce((sum, arc) => sum + arc.length, 0)} vertices`,
)
