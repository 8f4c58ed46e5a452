import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { FeatureCollection } from 'geojson'
import { describe, expect, test } from 'vitest'
import { AreaGrid, type Layer } from '../../../cities/area-grid.ts'
import { readBoundaryFile } from '../../../cities/boundary-file.ts'
import { sfGeography } from '../../../cities/sf/geography.ts'
import { sodaCase } from '../../support/cases.ts'
import { areaContaining, areasIn } from '../../support/oracle.ts'
import { hasSharedData, sfFiles, sharedData, sharedRows } from '../../support/shared-data.ts'

const own = new URL('../../../cities/sf/boundaries.json', import.meta.url)
const exports = {
  neighborhood: 'geo/sf-analysis-neighborhoods.geojson',
  sffindNeighborhood: 'geo/sf-sffind-neighborhoods.geojson',
  supervisorDistrict: 'geo/sf-supervisor-districts-2022.geojson',
  policeDistrict: 'geo/sf-police-districts.geojson',
}
const plain = (name: string | undefined) => name?.toLowerCase().replaceAll("'", '')

function sharedPoints(): [x: number, y: number][] {
  const rows = sfFiles.flatMap(sharedRows)
  return rows.flatMap(({ lat, long }) => (Number(lat) && Number(long) ? [[Number(long), Number(lat)]] : []))
}

test('the boundaries take at most 150 KB and name their source and licence', () => {
  expect(statSync(own).size).toBeLessThanOrEqual(150_000)
  const { source, licence } = JSON.parse(readFileSync(own, 'utf8'))
  expect(source).toContain('DataSF')
  expect(licence).toContain('PDDL')
})

test('there are 41 neighborhoods, 117 SF Find neighborhoods, 11 supervisor and 10 police districts', () => {
  const sizes = [...readBoundaryFile(own)].map(([name, layer]) => [name, layer.length])
  expect(sizes).toEqual([
    ['neighborhood', 41],
    ['sffindNeighborhood', 117],
    ['supervisorDistrict', 11],
    ['policeDistrict', 10],
  ])
})

describe.skipIf(!hasSharedData)('on the points of the shared rows (../shared/data absent)', () => {
  const layers = readBoundaryFile(own)
  const points = hasSharedData ? sharedPoints() : []

  test('the grid gives what a ray cast against every boundary gives', () => {
    const grid = new AreaGrid([...layers.values()])
    const differing = points.filter(([x, y], i) => {
      if (i % 7 !== 0) return false
      grid.goTo(x, y)
      return [...layers.values()].some((layer, at) => grid.nameIn(at) !== areaContaining(layer, x, y))
    })
    expect(differing).toEqual([])
  })

  test.each(Object.entries(exports))(
    'the simplified layer %s agrees with the full one for 99.5 % of the points',
    (name, file) => {
      const full: FeatureCollection = JSON.parse(readFileSync(join(sharedData, file), 'utf8'))
      const exact = new AreaGrid([pairs(full)])
      const simplified = new AreaGrid([layers.get(name) ?? []])
      const agreeing = points.filter(
        ([x, y]) => plain(exact.goTo(x, y).nameIn(0)) === plain(simplified.goTo(x, y).nameIn(0)),
      )
      console.log(`${name}: ${((100 * agreeing.length) / points.length).toFixed(3)} % of ${points.length} points`)
      expect(agreeing.length / points.length).toBeGreaterThan(0.995)
    },
  )
})

describe('the place of a case', () => {
  const geography = sfGeography()
  const inMission = { lat: '37.7599', long: '-122.4148' }
  const placeOf = (row: object) => geography.placeOf(sodaCase(row))

  test('is what its own columns say, in the spelling of the boundaries', () => {
    const row = {
      ...inMission,
      analysis_neighborhood: 'CASTRO/UPPER MARKET',
      neighborhoods_sffind_boundaries: 'FISHERMANS WHARF',
      supervisor_district: '6.0',
      police_district: 'INGLESIDE',
    }
    expect(placeOf(row)).toEqual({
      neighborhood: 'Castro/Upper Market',
      sffindNeighborhood: "Fisherman's Wharf",
      supervisorDistrict: '6',
      policeDistrict: 'Ingleside',
    })
  })

  test('is the boundary around its point where the columns say nothing', () => {
    expect(placeOf(inMission)).toEqual({
      neighborhood: 'Mission',
      sffindNeighborhood: 'Mission',
      supervisorDistrict: '9',
      policeDistrict: 'Mission',
    })
  })

  test('is taken from the point where the column names no neighborhood of today, or district 0', () => {
    const row = { ...inMission, analysis_neighborhood: 'Nowhere', supervisor_district: '0' }
    expect(placeOf(row)).toMatchObject({ neighborhood: 'Mission', supervisorDistrict: '9' })
  })

  test('is Unknown without column and point, and outside the city', () => {
    const nowhere = { neighborhood: 'Unknown', sffindNeighborhood: undefined, supervisorDistrict: undefined }
    expect(placeOf({ lat: '0', long: '0' })).toMatchObject(nowhere)
    expect(placeOf({ lat: '37.8044', long: '-122.2712' })).toMatchObject(nowhere)
  })

  test('keeps an SF Find name that has no boundary, as a title', () => {
    expect(placeOf({ neighborhoods_sffind_boundaries: 'EAST OF EDEN' }).sffindNeighborhood).toBe('East Of Eden')
  })

  test.each(['nhood', 'name'])('comes from given boundaries first, whose areas are named by %s', (property) => {
    const folder = mkdtempSync(join(tmpdir(), 'boundaries-'))
    try {
      const file = join(folder, 'halves.geojson')
      writeFileSync(file, JSON.stringify(halves(property)))
      const given = sfGeography({ boundaries: file })
      const place = (row: object): unknown => given.placeOf(sodaCase(row)).neighborhood
      expect(place({ ...inMission, analysis_neighborhood: 'Chinatown' })).toBe('South')
      expect(place({ lat: '37.79', long: '-122.42' })).toBe('North')
      expect(place({ analysis_neighborhood: 'Chinatown' })).toBe('Unknown')
      expect(given.placeOf(sodaCase(inMission)).supervisorDistrict).toBe('9')
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

function pairs(collection: FeatureCollection): Layer {
  const ring = (positions: readonly (readonly number[])[]) => positions.map(([x = 0, y = 0]) => [x, y] as const)
  return areasIn(collection).map(({ name, rings }) => ({ name, rings: rings.map(ring) }))
}

/** The city cut in two at 37.77 degrees north. */
function halves(property: string): FeatureCollection {
  const half = (name: string, south: number, north: number): FeatureCollection['features'][number] => {
    const ring = [
      [-122.52, south],
      [-122.35, south],
      [-122.35, north],
      [-122.52, north],
      [-122.52, south],
    ]
    return { type: 'Feature', properties: { [property]: name }, geometry: { type: 'Polygon', coordinates: [ring] } }
  }
  return { type: 'FeatureCollection', features: [half('South', 37.7, 37.77), half('North', 37.77, 37.84)] }
}
