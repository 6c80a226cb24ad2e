/**
 * The headers that the contract decodes. One that cannot be decoded counts as missing: Adobe has the same error for both,
 * and only where the header is needed.
 */
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { partner, tempPass } from "effect-adobe-pass-rest-v2/Identity"
import type { ReceivedRequest } from "../../Traffic.js"

const decoders = new Map(
  Object.entries({ ...partner, ...tempPass }).map(([name, field]) => [
    name,
    Schema.decodeUnknownEither(Schema.Struct({ [name]: field }))
  ])
)

const isReadable = ([name, value]: readonly [string, string]): boolean => {
  const decode = decoders.get(name)
  return decode === undefined || Either.isRight(decode({ [name]: value }))
}

export const readableHeaders = (headers: ReceivedRequest["headers"]): ReceivedRequest["headers"] =>
  Object.fromEntries(Object.entries(headers).filter(isReadable))
