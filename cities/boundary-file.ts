// Reads boundary files, GeoJSON or TopoJSON, into layers of named areas. The name is the property `nhood` or `name`.
import { readFileSync } from 'node:fs'
import type { Feature, FeatureCollection, Position } from 'geojson'
import { feature } from 'topojson-client'
import type { GeometryCollection, Topology } from 'topojson-specification'
import type { Area, Layer, Ring } from './area-grid.ts'

/** The file's layers by name; a GeoJSON file has one, under `''`. @throws Error naming the file when it holds none. */
export function readBoundaryFile(path: string | URL): Map<string, Layer> {
  const parsed: unknown = JSON.parse(readFileSync(path, 'utf8'))
  const layers = isTopology(parsed) ? topologyLayers(parsed) : new Map([['', areasOf(parsed)]])
  if ([...layers.values()].every((layer) => layer.length === 0)) {
    throw new Error(`${path} holds no polygons with a property nhood or name`)
  }
  return layers
}

function topologyLayers(topology: Topology): Map<string, Layer> {
  const collections = Object.entries(topology.objects).filter(
    (entry): entry is [string, GeometryCollection] => entry[1].type === 'GeometryCollection',
  )
  return new Map(collections.map(([name, collection]) => [name, areasOf(feature(topology, collection))]))
}

function areasOf(collection: unknown): Layer {
  return isFeatureCollection(collection) ? collection.features.flatMap(areaOf) : []
}

function areaOf({ geometry, properties }: Feature): Area[] {
  const name: unknown = properties?.nhood ?? properties?.name
  if (typeof name !== 'string' || name === '') return []
  if (geometry?.type === 'Polygon') return [{ name, rings: geometry.coordinates.map(ringOf) }]
  if (geometry?.type === 'MultiPolygon') return [{ name, rings: geometry.coordinates.flat().map(ringOf) }]
  return []
}

function ringOf(positions: readonly Position[]): Ring {
  return positions.map(([x = Number.NaN, y = Number.NaN]) => [x, y] as const)
}

function isTopology(value: unknown): value is Topology {
  return hasType(value, 'Topology')
}

function isFeatureCollection(value: unknown): value is FeatureCollection {
  return hasType(value, 'FeatureCollection')
}

function hasType(value: unknown, type: string): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === type
}
