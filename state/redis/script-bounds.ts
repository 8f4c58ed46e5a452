// How much one script may carry: Redis does nothing else while it runs.

export interface ScriptBounds {
  readonly fieldsMax: number
  /** A single larger entry goes alone. */
  readonly bytesMax: number
}

export const scriptBounds: ScriptBounds = { fieldsMax: 5_000, bytesMax: 1_048_576 }
