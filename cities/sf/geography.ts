// Places of San Francisco: the row's own columns first, else the boundaries that the point lies in. Boundaries from a file come before the row.
import { existsSync } from 'node:fs'
import { AreaGrid, type Layer } from '../area-grid.ts'
import { readBoundaryFile } from '../boundary-file.ts'
import { type Case, type Neighborhood, neighborhood, unknownNeighborhood } from '../case.ts'
import type { Geography, Place } from '../geography.ts'
import { memo } from '../memo.ts'
import { comparable, titled } from './spelling.ts'

const layerNames = ['neighborhood', 'sffindNeighborhood', 'supervisorDistrict', 'policeDistrict'] as const
const [NEIGHBORHOOD, SFFIND, SUPERVISOR, POLICE] = [0, 1, 2, 3] as const

/** Beside this file in the sources; compiled code stands in a folder of its own and finds it from there. */
const beside = new URL('./boundaries.json', import.meta.url)
const ownBoundaries = existsSync(beside) ? beside : new URL('../../../cities/sf/boundaries.json', import.meta.url)

export interface GeographyOptions {
  /** GeoJSON or TopoJSON; layers named like ours replace ours, a file with none of these names replaces the neighborhoods. */
  readonly boundaries?: string | undefined
}

export function sfGeography({ boundaries }: GeographyOptions = {}): Geography {
  const own = readBoundaryFile(ownBoundaries)
  const given = boundaries === undefined ? new Map<string, Layer>() : givenLayers(boundaries)
  const layers = layerNames.map((name) => given.get(name) ?? own.get(name) ?? [])
  const pointFirst = layerNames.map((name) => given.has(name))
  return new SfGeography(layers, pointFirst)
}

function givenLayers(path: string): ReadonlyMap<string, Layer> {
  const layers = readBoundaryFile(path)
  if (layerNames.some((name) => layers.has(name))) return layers
  const [first = []] = layers.values()
  return new Map([['neighborhood', first]])
}

class SfGeography implements Geography {
  private readonly grid: AreaGrid
  /** By layer: whether its point comes before what the row says. */
  private readonly pointFirst: readonly boolean[]
  private readonly anyPointFirst: boolean
  private readonly neighborhoodOf: (given: string) => string | undefined
  private readonly sffindNameOf: (given: string) => string

  constructor(layers: readonly Layer[], pointFirst: readonly boolean[]) {
    this.grid = new AreaGrid(layers)
    this.pointFirst = pointFirst
    this.anyPointFirst = pointFirst.includes(true)
    const neighborhoods = namesBySpelling(layers[NEIGHBORHOOD] ?? [])
    const sffindNames = namesBySpelling(layers[SFFIND] ?? [])
    this.neighborhoodOf = memo((given) => neighborhoods.get(comparable(given)))
    this.sffindNameOf = memo((given) => sffindNames.get(comparable(given)) ?? titled(given))
  }

  placeOf(found: Case): Place {
    const { givenNeighborhood, givenSffindNeighborhood, givenSupervisorDistrict, givenPoliceDistrict } = found
    const area = givenNeighborhood === undefined ? undefined : this.neighborhoodOf(givenNeighborhood)
    const sffind = givenSffindNeighborhood === undefined ? undefined : this.sffindNameOf(givenSffindNeighborhood)
    const isComplete =
      area !== undefined &&
      sffind !== undefined &&
      givenSupervisorDistrict !== undefined &&
      givenPoliceDistrict !== undefined
    const needsPoint = this.anyPointFirst || !isComplete
    const point = needsPoint ? this.pointOf(found) : undefined
    return {
      neighborhood: branded(this.choose(NEIGHBORHOOD, area, point)),
      sffindNeighborhood: this.choose(SFFIND, sffind, point),
      supervisorDistrict: this.choose(SUPERVISOR, givenSupervisorDistrict, point),
      policeDistrict: this.choose(POLICE, givenPoliceDistrict, point),
    }
  }

  private pointOf({ latitude, longitude }: Case): AreaGrid | undefined {
    return latitude === undefined || longitude === undefined ? undefined : this.grid.goTo(longitude, latitude)
  }

  private choose(layer: number, stated: string | undefined, point: AreaGrid | undefined): string | undefined {
    if (point === undefined) return this.pointFirst[layer] ? undefined : stated
    if (stated !== undefined && !this.pointFirst[layer]) return stated
    return point.nameIn(layer)
  }
}

function branded(name: string | undefined): Neighborhood {
  return name === undefined ? unknownNeighborhood : neighborhood.of(name)
}

function namesBySpelling(layer: Layer): ReadonlyMap<string, string> {
  return new Map(layer.map(({ name }) => [comparable(name), name]))
}
