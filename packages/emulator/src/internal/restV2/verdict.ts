/** What an MVPD says about a person and a resource. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { EnhancedErrorCode } from "../../EnhancedErrorCode.js"
import type { Mvpd, Person } from "../../World.js"

/** The lowest comes first. */
const scales: Readonly<Record<string, ReadonlyArray<string>>> = {
  VCHIP: ["TV-Y", "TV-Y7", "TV-G", "TV-PG", "TV-14", "TV-MA"],
  MPAA: ["G", "PG", "PG-13", "R", "NC-17"]
}

const Ratings = Schema.Record({ key: Schema.String, value: Schema.Unknown })
const decodeRatings = Schema.decodeUnknownOption(Ratings)
const decodeCode = Schema.decodeOption(EnhancedErrorCode)

/** Of an MRSS resource the title of its channel; others are ids themselves. */
const idOf = (resource: string): string =>
  resource.trimStart().startsWith("<")
    ? (/<title>(?:<!\[CDATA\[)?([^<\]]*)/.exec(resource)?.[1]?.trim() ?? resource.trim())
    : resource.trim()

const ratingOf = (mvpd: Mvpd, resource: string): string | undefined =>
  /<media:rating[^>]*>([^<]*)</.exec(resource)?.[1]?.trim().toUpperCase() ?? mvpd.ratings[idOf(resource)]

const isAbove = (rating: string, maximum: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(scales).some(([scale, order]) => {
    const allowed = maximum[scale]
    const at = order.indexOf(rating)
    return at >= 0 && typeof allowed === "string" && order.includes(allowed) && at > order.indexOf(allowed)
  })

const isTooMature = (mvpd: Mvpd, person: Person | undefined, resource: string): boolean => {
  const rating = ratingOf(mvpd, resource)
  const maximum = Option.getOrUndefined(decodeRatings(person?.attributes["maxRating"]?.value))
  return rating !== undefined && maximum !== undefined && isAbove(rating, maximum)
}

/** A resource may ask to be denied: `deny:` and the code of the error. */
const askedDenial = (resource: string): EnhancedErrorCode | undefined =>
  Option.getOrUndefined(decodeCode(/^deny:(\w+)$/.exec(idOf(resource))?.[1] ?? ""))

/** The code of the denial, or `undefined` for a permit. */
export const denialOf = (
  kind: "authorize" | "preauthorize",
  mvpd: Mvpd,
  person: Person | undefined,
  resource: string
): EnhancedErrorCode | undefined => {
  const denied = askedDenial(resource) ?? mvpd.denied ?? person?.denied
  if (denied !== undefined) return denied
  if (person?.resources?.includes(idOf(resource)) === false) {
    return kind === "authorize" ? "authorization_denied_by_mvpd" : "preauthorization_denied_by_mvpd"
  }
  return isTooMature(mvpd, person, resource) ? "authorization_denied_by_parental_controls" : undefined
}
