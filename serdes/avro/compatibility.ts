// Whether one Avro schema can read what another wrote; the only place that asks avsc.
import avro from 'avsc'

/** Why values of `writer` cannot be read as `reader`; empty when they can. Both are Avro's JSON text. @throws Error for what is not Avro. */
export function incompatibilities({ reader, writer }: { reader: string; writer: string }): readonly string[] {
  const [readerType, writerType] = [avroType(reader), avroType(writer)]
  const problem = resolutionProblem(readerType, writerType)
  if (problem === undefined) return []
  const inFields = fieldProblems(readerType, writerType, nameOf(readerType))
  return inFields.length > 0 ? inFields : [problem]
}

/** @throws Error when the text is not an Avro schema. */
export function avroType(schema: string): avro.Type {
  return avro.Type.forSchema(JSON.parse(schema))
}

function resolutionProblem(reader: avro.Type, writer: avro.Type): string | undefined {
  try {
    reader.createResolver(writer)
    return undefined
  } catch (error) {
    return String(error instanceof Error ? error.message : error)
  }
}

/** avsc stops at the first problem; people want to see all of them. */
function fieldProblems(reader: avro.Type, writer: avro.Type, path: string): readonly string[] {
  if (!isRecord(reader) || !isRecord(writer)) return []
  return reader.fields.flatMap((field) => {
    const written = writer.fields.find(({ name }) => [field.name, ...field.aliases].includes(name))
    const at = `${path}.${field.name}`
    if (written === undefined) return field.defaultValue() === undefined ? [`${at} is new and has no default`] : []
    const problem = resolutionProblem(field.type, written.type)
    if (problem === undefined) return []
    const deeper = fieldProblems(field.type, written.type, at)
    return deeper.length > 0 ? deeper : [`${at}: ${problem}`]
  })
}

function isRecord(type: avro.Type): type is avro.types.RecordType {
  return type.typeName === 'record'
}

function nameOf(type: avro.Type): string {
  return type.branchName ?? type.typeName
}
