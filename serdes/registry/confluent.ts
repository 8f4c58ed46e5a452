// A schema registry with Confluent's interface, over HTTP. A subject's compatibility level is set before its first version, never left to a default;
// ids and texts are remembered, because neither ever changes.
import { seconds } from '../../core/duration.ts'
import { Retriable, StreamsError } from '../../core/errors.ts'
import type { SchemaRegistry } from '../schema-registry.ts'
import { bothLevels, type CompatibilityLevel } from './compatibility-level.ts'
import { ConfluentHttp, type ConfluentHttpOptions, type RegistryAnswer } from './confluent-http.ts'

export interface ConfluentRegistryOptions extends ConfluentHttpOptions {
  /**
   * For subjects without a level of their own, together with what the registry's own level demands; one that somebody has set stays.
   * Default BACKWARD: the next version reads what the last one wrote.
   */
  readonly compatibility?: CompatibilityLevel
  /** False: only schemas that are registered already are used, e.g. where a pipeline of its own registers them. Default true. */
  readonly autoRegisterSchemas?: boolean
  /** How long an id that it does not know may be on its way to it, ms: a copy of a registry follows the one that gives the ids. Default 30,000. */
  readonly lagMsMax?: number
}

/** `confluentRegistry({ url: 'http://registry:8081' })` */
export function confluentRegistry(options: ConfluentRegistryOptions): Required<SchemaRegistry> {
  return new ConfluentRegistry(options)
}

const SUBJECT_UNKNOWN = 40401
const VERSION_UNKNOWN = 40402
const SCHEMA_UNKNOWN = 40403
const CONFIG_UNKNOWN = 40408
const REASONS_MAX = 2_000

class ConfluentRegistry implements SchemaRegistry {
  readonly lagMsMax: number
  private readonly http: ConfluentHttp
  private readonly compatibility: CompatibilityLevel
  private readonly autoRegisterSchemas: boolean
  private readonly ids = new Answers<number>()
  private readonly texts = new Answers<string>()

  constructor(options: ConfluentRegistryOptions) {
    const { compatibility = 'BACKWARD', autoRegisterSchemas = true, lagMsMax = seconds(30), ...http } = options
    this.lagMsMax = lagMsMax
    this.http = new ConfluentHttp(http)
    this.compatibility = compatibility
    this.autoRegisterSchemas = autoRegisterSchemas
  }

  async register(subject: string, schema: string): Promise<number> {
    const id = await this.ids.get(`${subject} ${schema}`, async () => {
      const known = await this.lookUp(subject, schema)
      return known ?? (await this.registerNew(subject, schema))
    })
    if (id === undefined) throw new Retriable('registry_unavailable', `${subject} was not registered`)
    return id
  }

  schemaById(id: number): Promise<string | undefined> {
    return this.texts.get(`${id}`, async () => {
      const path = `/schemas/ids/${id}`
      const answer = await this.http.ask('GET', path)
      const { schema } = answer.body
      if (answer.status === 200 && typeof schema === 'string') return schema
      if (answer.errorCode === SCHEMA_UNKNOWN) return undefined
      // Somebody between us and the registry: taken as "unknown", it would send a whole topic to the dead letters.
      if (answer.status === 404) throw new Retriable('registry_unavailable', this.http.unexpected(path, answer).message)
      throw this.http.unexpected(path, answer)
    })
  }

  private async lookUp(subject: string, schema: string): Promise<number | undefined> {
    const path = subjectPath(subject)
    const answer = await this.http.ask('POST', path, { schema })
    if (answer.status === 200) return this.idOf(path, answer)
    if (answer.errorCode === SUBJECT_UNKNOWN || answer.errorCode === SCHEMA_UNKNOWN) return undefined
    throw this.refused(subject, path, answer)
  }

  private async registerNew(subject: string, schema: string): Promise<number> {
    const path = `${subjectPath(subject)}/versions`
    if (!this.autoRegisterSchemas)
      throw new StreamsError(
        'schema_not_registered',
        `${subject}: the schema that is needed is not registered there, and registering is forbidden (auto.register.schemas=false). ` +
          `Register it first: ${this.http.curl('POST', path, { schema })}`,
      )
    const level = await this.ensureLevel(subject)
    await this.requireCompatible(subject, schema, level)
    const answer = await this.http.ask('POST', path, { schema })
    if (answer.status === 200) return this.idOf(path, answer)
    throw this.refused(subject, path, answer)
  }

  /** The level that holds for the subject; NONE counts as not set, because some registries answer it for a subject without one. */
  private async ensureLevel(subject: string): Promise<string> {
    const path = `/config/${encodeURIComponent(subject)}`
    const answer = await this.http.ask('GET', path)
    const level = answer.body.compatibilityLevel
    if (answer.status === 200 && typeof level === 'string' && level !== 'NONE') return level
    if (answer.status !== 200 && answer.errorCode !== SUBJECT_UNKNOWN && answer.errorCode !== CONFIG_UNKNOWN)
      throw this.http.unexpected(path, answer)
    const compatibility = bothLevels(this.compatibility, await this.registryLevel())
    const set = await this.http.ask('PUT', path, { compatibility })
    if (set.status !== 200) throw this.http.unexpected(path, set)
    return compatibility
  }

  /** What holds for subjects without a level of their own. */
  private async registryLevel(): Promise<string> {
    const answer = await this.http.ask('GET', '/config')
    const level = answer.body.compatibilityLevel
    if (answer.status === 200 && typeof level === 'string') return level
    throw this.http.unexpected('/config', answer)
  }

  /** Asked first, because the answer has reasons where a refused registration may only have a status. */
  private async requireCompatible(subject: string, schema: string, level: string): Promise<void> {
    const versions = level.endsWith('_TRANSITIVE') ? 'versions' : 'versions/latest'
    const path = `/compatibility${subjectPath(subject)}/${versions}?verbose=true`
    const answer = await this.http.ask('POST', path, { schema })
    if (answer.errorCode === SUBJECT_UNKNOWN || answer.errorCode === VERSION_UNKNOWN) return
    if (answer.status !== 200) throw this.refused(subject, path, answer)
    if (answer.body.is_compatible !== true) throw incompatible(subject, reasonsOf(answer))
  }

  private idOf(path: string, answer: RegistryAnswer): number {
    const { id } = answer.body
    if (typeof id !== 'number') throw this.http.unexpected(path, answer)
    return id
  }

  private refused(subject: string, path: string, answer: RegistryAnswer): StreamsError {
    if (answer.status === 409) return incompatible(subject, answer.message)
    if (answer.status === 422)
      return new StreamsError('schema_invalid', `${subject}: the registry does not take this schema: ${answer.message}`)
    return this.http.unexpected(path, answer)
  }
}

/** Answers that never change, the oldest given up first; whoever asks while one is awaited waits for the same. */
class Answers<T> {
  private static readonly countMax = 1_000
  private readonly known = new Map<string, Promise<T | undefined>>()

  /** "There is none" and failures are not remembered. */
  async get(key: string, ask: () => Promise<T | undefined>): Promise<T | undefined> {
    const known = this.known.get(key)
    if (known !== undefined) return known
    const asked = ask()
    this.known.set(key, asked)
    const [oldest] = this.known.keys()
    if (this.known.size > Answers.countMax && oldest !== undefined) this.known.delete(oldest)
    try {
      const answer = await asked
      if (answer === undefined) this.known.delete(key)
      return answer
    } catch (error) {
      this.known.delete(key)
      throw error
    }
  }
}

function subjectPath(subject: string): string {
  return `/subjects/${encodeURIComponent(subject)}`
}

function incompatible(subject: string, reasons: string): StreamsError {
  return new StreamsError(
    'schema_incompatible',
    `${subject}: the new schema does not fit what is registered: ${reasons.slice(0, REASONS_MAX)}. ` +
      'Make new fields optional and keep the names and types of those that exist, or write to a new topic',
  )
}

/** Confluent lists messages; Apicurio has one reason. */
function reasonsOf({ body, message }: RegistryAnswer): string {
  const { messages, reason } = body
  if (Array.isArray(messages) && messages.length > 0) return messages.join('; ')
  return typeof reason === 'string' ? reason : message
}
