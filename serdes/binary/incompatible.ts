// Layouts that no code can be compiled for.
import { BadRecord } from '../../core/errors.ts'
import type { WireType } from './wire-type.ts'

export function incompatible(place: string, wire: WireType, wanted: string): never {
  throw new BadRecord('schema_incompatible', `${place}: the writer has ${wire.kind}, the reader wants ${wanted}`)
}
