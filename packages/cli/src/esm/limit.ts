/** Whether a report may be cut. */
import * as Effect from "effect/Effect"
import * as Output from "../Output.js"
import { type ReportRequest, valueOf } from "./reportRequest.js"

/** What Adobe's samples show where no limit was asked for. */
const usual = 1000

/** The limit of the request, or the one that Adobe Pass tells: in the link to itself, or in the name of a CSV. */
export const limitOf = (request: ReportRequest, told: string | undefined): number => {
  const text =
    valueOf(request, "limit") ??
    /[?&]limit=(\d+)/.exec(told ?? "")?.[1] ??
    /_(\d+)\.csv/.exec(told ?? "")?.[1]
  return text === undefined ? usual : Number(text)
}

export const noteOnLimit = (
  request: ReportRequest,
  records: number,
  told: string | undefined
): Effect.Effect<void, never, Output.Output> =>
  records > 0 && records === limitOf(request, told)
    ? Output.note(
        `The report has as many records as its limit allows (${records}), so it may be cut: raise --limit, or shorten the period.`
      )
    : Effect.void
