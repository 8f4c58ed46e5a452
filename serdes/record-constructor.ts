// The classes behind t.record: every field is set in the constructor, in order, so that all values of a schema have one hidden class.
import type { RecordClass } from './schema.ts'
import type { FieldDescription, RecordDescription } from './schema-description.ts'

type Create = RecordDescription['create']

/** A class to be extended; `description` belongs to the class it is read from, so that values are made by the subclass. */
export function recordConstructor(
  name: string,
  fields: readonly FieldDescription[],
  base: RecordClass<unknown> | undefined,
): Create {
  const descriptions = new WeakMap<Create, RecordDescription>()
  function description(this: Create): RecordDescription {
    let known = descriptions.get(this)
    if (known === undefined) {
      known = { kind: 'record', name, fields, base: base?.description, create: this }
      descriptions.set(this, known)
    }
    return known
  }
  return Object.defineProperties(constructorOf(fields), {
    name: { value: name },
    recordName: { value: name },
    base: { value: base },
    description: { get: description },
  })
}

/** Generated because only literal assignments give the engine one shape; names are checked to be plain identifiers. */
function constructorOf(fields: readonly FieldDescription[]): Create {
  const assignments = fields.map((field) => `this.${field.name} = fields.${field.name}`)
  return new Function(`return class { constructor(fields) { ${assignments.join('; ')} } }`)()
}
