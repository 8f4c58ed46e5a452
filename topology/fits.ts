// Whether values of one type may be written to a topic of another, checked at the call.

/** Refuses, by name, a field of `V` that the topic's schema for `T` would silently drop. */
export type Fits<V, T> = [V] extends [T]
  ? [Exclude<keyof V, keyof T>] extends [never]
    ? unknown
    : { readonly fieldMissingInSchema: Exclude<keyof V, keyof T> }
  : { readonly accepts: (value: V) => void }
