/** An enhanced error that stands in a successful answer, in place of what was asked for. */
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as EnhancedError from "effect-adobe-pass/EnhancedError"

/** Members that an enhanced error has, and no success. */
const errorMembers = ["action", "error", "message", "status"]

const hasErrorMember = (json: unknown): boolean =>
  Predicate.isRecord(json) && errorMembers.some((name) => Predicate.hasProperty(json, name))

const parse = Schema.decodeOption(Schema.parseJson())

/** The enhanced error in the text of an answer that is not what was asked for. */
export const errorIn = (text: string): Option.Option<EnhancedError.EnhancedError> => {
  const json = parse(text)
  const isSuccess = Option.isSome(json) && !hasErrorMember(json.value)
  return isSuccess ? Option.none() : EnhancedError.decode(text)
}

const allMembers = new Set([...errorMembers, "code", "details", "helpUrl", "trace"])

const isEmpty = (value: unknown): boolean =>
  value === null || (typeof value === "object" && Object.keys(value).length === 0)

const saysSomething = ({ action, code, status = 0 }: EnhancedError.EnhancedError): boolean =>
  Boolean(action) || Boolean(code) || status >= 400

/** Whether an answer has an error beside empty lists and maps alone: nothing was found out, so it is no empty success. */
export const isErrorInPlace = (json: unknown): boolean =>
  hasErrorMember(json) &&
  Object.entries(Object(json)).every(([name, value]) => allMembers.has(name) || isEmpty(value)) &&
  Option.exists(EnhancedError.fromJson(json), saysSomething)
