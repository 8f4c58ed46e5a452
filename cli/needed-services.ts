// Options that mean something only for a service elsewhere: without its address they would do nothing, silently.
import { usageError } from './exit.ts'
import { type Options, options } from './options.ts'

/** @throws CommandError with exit code 2 */
export function requireNeededServices(given: Options): void {
  const { kafka, redis, registry, autoRegisterSchemas, autoCreateTopics, compression, redisCacheMb } = given
  if (registry === undefined && !autoRegisterSchemas)
    throw usageError('--auto-register-schemas=false needs --registry: the embedded one holds only what we register')
  if (kafka === undefined && !autoCreateTopics)
    throw usageError('--auto-create-topics=false needs --kafka: nobody else creates topics in the embedded cluster')
  if (kafka === undefined && compression !== 'none')
    throw usageError('--compression needs --kafka: the embedded cluster keeps records as they are')
  if (redis === undefined && redisCacheMb !== options.redisCacheMb.default)
    throw usageError('--redis-cache-mb needs --redis: without it all state is in memory')
}
