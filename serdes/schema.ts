// Contract stub; replaced.
import type { Serde } from './serde.ts'

declare const type: unique symbol
export interface ValueSchema<out T> {
  readonly [type]: T
}
export interface RecordClass<T> {
  new (fields: never): T
  readonly recordName: string
}
export type Schema<T> = ValueSchema<T> | RecordClass<T>
export declare function binarySerde<T>(schema: Schema<T>): Serde<T>
