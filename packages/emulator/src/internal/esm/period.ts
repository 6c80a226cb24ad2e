/** The period of a report. Times are Pacific, eight hours behind UTC all year, as milliseconds of that clock. */
import * as Either from "effect/Either"

export interface Period {
  readonly start: number
  readonly end: number
}

const behindUtc = 8 * 3_600_000

/** The Pacific clock at a point in time. */
export const pacific = (millis: number): number => millis - behindUtc

/** As `self` shows it. */
export const written = (time: number): string => new Date(time).toISOString().slice(0, 19)

/** Of `2026-05-01T00:00:00`, what follows a prefix. */
const whole = "0000-01-01T00:00:00"

const isoPrefix = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)?)?)?$/
const zone = /(?:Z|[+-]\d\d:?\d\d)$/

/** An ISO 8601 date, which may be a prefix; with a time zone it is a point in time, otherwise it is Pacific. */
const timeOf = (text: string): number | undefined => {
  const suffix = /T.*/.test(text) ? (zone.exec(text)?.[0] ?? "") : ""
  const date = text.slice(0, text.length - suffix.length)
  if (!isoPrefix.test(date)) return undefined
  const complete = date.length < whole.length ? date + whole.slice(date.length) : date
  const time = Date.parse(`${complete}${suffix === "" ? "Z" : suffix}`)
  // `Date.parse` takes the 30th of February for the 2nd of March.
  const isThere = suffix !== "" || new Date(time || 0).toISOString().startsWith(complete.slice(0, 10))
  if (Number.isNaN(time) || !isThere) return undefined
  return suffix === "" ? time : pacific(time)
}

const invalid = (name: string, text: string) => Either.left(`Invalid value of parameter ${name}: ${text}`)

/** Adobe's table says milliseconds, and its example is a date: both are accepted. The default is now. */
export const endOf = (text: string | undefined, nowMillis: number): Either.Either<number, string> => {
  if (text === undefined || text === "") return Either.right(pacific(Math.floor(nowMillis / 1000) * 1000))
  if (/^\d{5,15}$/.test(text)) return Either.right(pacific(Number(text)))
  const time = timeOf(text)
  return time === undefined ? invalid("end", text) : Either.right(time)
}

/** The default is a month before the end. */
export const startOf = (text: string | undefined, end: number): Either.Either<number, string> => {
  if (text === undefined || text === "") return Either.right(aMonthBefore(end))
  const time = timeOf(text)
  return time === undefined ? invalid("start", text) : Either.right(time)
}

const aMonthBefore = (end: number): number => {
  const date = new Date(end)
  const day = date.getUTCDate()
  date.setUTCMonth(date.getUTCMonth() - 1)
  // From the 31st of May to the 30th of April, not to the 1st of May.
  if (date.getUTCDate() !== day) date.setUTCDate(0)
  return date.getTime()
}

export const periodOf = (start: number, end: number): Either.Either<Period, string> =>
  start < end ? Either.right({ start, end }) : Either.left("The start must be before the end")
