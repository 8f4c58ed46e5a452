// ApiVersions 3: what a broker can do, with the features that the cluster has agreed on.
import type { Message } from './message.ts'

export interface ApiVersionsAnswer {
  readonly errorCode: number
  readonly apis: readonly { readonly key: number; readonly minVersion: number; readonly maxVersion: number }[]
  /** Name and level of each finalized feature. */
  readonly features: readonly { readonly name: string; readonly level: number }[]
}

const finalizedFeaturesTag = 2

export const apiVersions: Message<Record<string, never>, ApiVersionsAnswer> = {
  name: 'ApiVersions',
  key: 18,
  version: 3,
  write(_request, out) {
    out.text('millrace')
    out.text('1')
    out.noTags()
  },
  read(answer) {
    const errorCode = answer.int16()
    const apis = answer.array(() => {
      const api = { key: answer.int16(), minVersion: answer.int16(), maxVersion: answer.int16() }
      answer.skipTags()
      return api
    })
    answer.int32() // throttle time
    let features: ApiVersionsAnswer['features'] = []
    answer.tags((tag) => {
      if (tag !== finalizedFeaturesTag) return
      features = answer.array(() => {
        const feature = { name: answer.text(), level: answer.int16() }
        answer.int16() // lowest level
        answer.skipTags()
        return feature
      })
    })
    return { errorCode, apis, features }
  },
}
