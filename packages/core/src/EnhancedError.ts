/**
 * Enhanced errors: how the protected APIs say what went wrong and what to do about it.
 *
 * @since 0.1.0
 */
import * as Encoding from "effect/Encoding"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"

/**
 * What the client should do, in Adobe's words. New values may appear and are kept as they are.
 *
 * @since 0.1.0
 * @category models
 */
export type Action =
  | "none"
  | "configuration"
  | "application-registration"
  | "authentication"
  | "authorization"
  | "retry"
  | (string & {})

/**
 * An error as the server described it; every field may be missing. `status` is the status inside the body, which
 * may differ from that of the answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface EnhancedError {
  readonly action?: Action
  readonly status?: number
  readonly code?: string
  readonly message?: string
  readonly details?: string
  readonly helpUrl?: string
  readonly trace?: string
}

const textFields = ["action", "code", "message", "details", "helpUrl", "trace"] as const

/** Writing it again fails for a value that is nested too deeply. */
const write = Option.liftThrowable((value: unknown) => JSON.stringify(value))

const asText = (value: unknown): string | undefined =>
  value === undefined || value === null
    ? undefined
    : typeof value === "string"
      ? value
      : Option.getOrUndefined(write(value))

const fromFields = (fields: { readonly [K in PropertyKey]: unknown }): EnhancedError => {
  const error: { -readonly [K in keyof EnhancedError]: EnhancedError[K] } = {}
  for (const field of textFields) {
    const text = asText(fields[field])
    if (text !== undefined) error[field] = text
  }
  const status = fields["status"]
  if (typeof status === "number" || (typeof status === "string" && status.trim() !== "")) {
    if (Number.isInteger(Number(status))) error.status = Number(status)
  }
  return error
}

/**
 * An error in any of its JSON shapes: flat, under an `error` object, under an `error` string (as OAuth does), or the
 * plain `{ status, message }` of older APIs. `None` when the value is none of them.
 *
 * @since 0.1.0
 * @category decoding
 */
export const fromJson = (json: unknown): Option.Option<EnhancedError> => {
  if (!Predicate.isRecord(json)) return Option.none()
  const inner = json["error"]
  if (Predicate.isRecord(inner)) return Option.some(fromFields(inner))
  if (typeof inner === "string") return Option.some(fromFields({ ...json, code: inner }))
  return typeof json["code"] === "string" ||
    typeof json["action"] === "string" ||
    json["message"] !== undefined
    ? Option.some(fromFields(json))
    : Option.none()
}

const entities: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" }

/** The XML shape of REST API v1: one `<error>` with flat children, which needs no XML parser. */
const fromXml = (text: string): Option.Option<EnhancedError> => {
  if (!/^\s*(?:<\?xml[^>]*>\s*)?<error[\s>]/i.test(text)) return Option.none()
  const fields: Record<string, string> = {}
  for (const [, name = "", value = ""] of text.matchAll(/<(\w+)>([^<]*)<\/\1>/g)) {
    fields[name] = value.replace(/&(amp|lt|gt|quot|apos);/g, (_, entity: string) => entities[entity] ?? "")
  }
  return Option.some(fromFields(fields))
}

const parse = Schema.decodeOption(Schema.parseJson())

/**
 * Decodes the body of an error answer: JSON in every documented shape, or XML. `None` for HTML, text, an empty or a
 * broken body: such answers have only their status.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (body: string): Option.Option<EnhancedError> =>
  Option.orElse(Option.flatMap(parse(body), fromJson), () => fromXml(body))

/**
 * An error inside a successful answer, and where it stands.
 *
 * @since 0.1.0
 * @category models
 */
export interface ItemError {
  readonly path: ReadonlyArray<string | number>
  readonly error: EnhancedError
}

/** The error of one item: an object, or a bare code. */
const itemError = (item: unknown, path: ItemError["path"]): ReadonlyArray<ItemError> => {
  if (!Predicate.isRecord(item)) return []
  const error = item["error"]
  if (typeof error === "string") return [{ path, error: { code: error } }]
  return Predicate.isRecord(error) ? [{ path, error: fromFields(error) }] : []
}

const entries = (value: unknown): ReadonlyArray<readonly [string, unknown]> =>
  Predicate.isRecord(value) ? Object.entries(value) : []

/**
 * The errors of single items in an answer with status 200: `decisions[].error` and `profiles.*.attributes.*.error` (REST
 * API v2) and `resources[].error` (v1). A 200 is a success only for the items that are not listed here.
 *
 * @since 0.1.0
 * @category decoding
 */
export const items = (json: unknown): ReadonlyArray<ItemError> => {
  if (!Predicate.isRecord(json)) return []
  const inLists = ["decisions", "resources"].flatMap((list) => {
    const elements = json[list]
    return Array.isArray(elements)
      ? elements.flatMap((element: unknown, index) => itemError(element, [list, index]))
      : []
  })
  const inProfiles = entries(json["profiles"]).flatMap(([mvpd, profile]) =>
    entries(Predicate.isRecord(profile) ? profile["attributes"] : undefined).flatMap(([name, attribute]) =>
      itemError(attribute, ["profiles", mvpd, "attributes", name])
    )
  )
  return [...inLists, ...inProfiles]
}

/** Action, code and trace stand in messages. */
const maximumLength = { action: 64, code: 64, message: 1000, details: 1000, helpUrl: 1000, trace: 64 }

const documentedActions = new Set([
  "none",
  "configuration",
  "application-registration",
  "authentication",
  "authorization",
  "retry",
  "retry-after",
  "degradation"
])

/** A secret as a server may write it: as it is, within JSON or a URL, or in base64. */
const forms = (secret: string): ReadonlyArray<string> => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  Encoding.encodeBase64(secret).replace(/=+$/, ""),
  Encoding.encodeBase64Url(secret)
]

/** Shorter text stands in every sentence, and is no secret. */
const shortestSecret = 4

/** A JWT, or what stands of it: a token that was replaced while the call was under way is in no list of secrets. */
const jwt = /eyJ[\w-]{16,}(?:\.[\w-]+){0,2}/g

/**
 * The error without any of the given secrets and without any JWT, wherever the server may have echoed them in whatever
 * form, and with its texts cut: to 64 characters for action, code and trace, and to 1000 for the others. Documented
 * actions stay, and so do codes, which are words, unless one is a secret.
 *
 * @since 0.1.0
 * @category combinators
 */
export const scrub = (error: EnhancedError, secrets: Iterable<string>): EnhancedError => {
  const clean: { -readonly [K in keyof EnhancedError]: EnhancedError[K] } = { ...error }
  const longest = Math.max(...textFields.map((field) => error[field]?.length ?? 0))
  // No form of a secret is shorter than the secret: a token does not stand in a sentence, which spares most of the work.
  const known = [...secrets].filter(({ length }) => length >= shortestSecret && length <= longest)
  const needles = known.flatMap(forms).sort((left, right) => right.length - left.length)
  for (const field of textFields) {
    const text = clean[field]
    if (text === undefined || (field === "action" && documentedActions.has(text))) continue
    if (field === "code" && /^[a-z]+(?:_[a-z]+)*$/.test(text) && text.length <= 64 && !known.includes(text))
      continue
    // Cut last: a secret that is cut in two would not be found.
    clean[field] = needles
      .reduce((cleaner, needle) => cleaner.replaceAll(needle, "<redacted>"), text)
      .replaceAll(jwt, "<redacted>")
      .slice(0, maximumLength[field])
  }
  return clean
}
