import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import { InvalidInput } from "effect-adobe-pass/AdobePassError"

/** The parts of a URL, as ioredis takes them. */
export interface Address {
  readonly host: string
  readonly port: number
  readonly db: number
  readonly access: {
    readonly username?: string
    readonly password?: string
    readonly tls?: Record<string, never>
  }
}

const decoded = (text: string) =>
  Either.try({ try: () => decodeURIComponent(text), catch: () => "has a % that encodes nothing" })

const parse = (text: string, port: number): Either.Either<Address, string> =>
  Either.gen(function* () {
    const url = URL.canParse(text) ? new URL(text) : undefined
    if (url === undefined || !["redis:", "rediss:"].includes(url.protocol) || url.hostname === "") {
      return yield* Either.left("must be a URL like redis://host:6379 or rediss://user:password@host:6379")
    }
    const db = /^\/?(\d{0,5})$/.exec(url.pathname)?.[1]
    if (db === undefined) return yield* Either.left("must have a database number as its path, or no path")
    const username = yield* decoded(url.username)
    const password = yield* decoded(url.password)
    return {
      host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
      port: url.port === "" ? port : Number(url.port),
      db: Number(db),
      access: {
        ...(username === "" ? {} : { username }),
        ...(password === "" ? {} : { password }),
        ...(url.protocol === "rediss:" ? { tls: {} } : {})
      }
    }
  })

/** Parses a URL of Redis. The error does not show the URL, which may hold a password. */
export const fromUrl = (
  field: string,
  url: Redacted.Redacted<string>,
  defaultPort = 6379
): Either.Either<Address, InvalidInput> =>
  Either.mapLeft(parse(Redacted.value(url), defaultPort), (problem) => new InvalidInput({ field, problem }))
