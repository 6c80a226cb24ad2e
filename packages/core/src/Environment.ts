/**
 * The deployments of Adobe Pass Authentication and their hosts.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { InvalidInput } from "./AdobePassError.js"

/**
 * The four deployments that Adobe runs: the current and the next build, each against the MVPDs' production or
 * staging systems.
 *
 * @since 0.1.0
 * @category models
 */
export type Name = "release-production" | "release-staging" | "prequal-production" | "prequal-staging"

/**
 * A deployment: `sp` serves `/o/client/*` and the REST APIs, `mgmt` the management APIs. `aliases` are other origins of
 * what `sp` serves: calls may name them, and credentials are the same under either name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Environment {
  readonly name: string
  readonly sp: string
  readonly mgmt: string
  readonly aliases: ReadonlyArray<string>
}

const release = (name: Name, domain: string): Environment => ({
  name,
  sp: `https://sp.${domain}`,
  mgmt: `https://mgmt.${domain}`,
  aliases: [`https://api.${domain}`]
})

const prequal = (name: Name, domain: string): Environment => ({
  name,
  sp: `https://sp-prequal.${domain}`,
  mgmt: `https://mgmt-prequal.${domain}`,
  aliases: []
})

/**
 * The environments by name.
 *
 * @since 0.1.0
 * @category models
 */
export const environments: { readonly [K in Name]: Environment } = {
  "release-production": release("release-production", "auth.adobe.com"),
  "release-staging": release("release-staging", "auth-staging.adobe.com"),
  "prequal-production": prequal("prequal-production", "auth.adobe.com"),
  "prequal-staging": prequal("prequal-staging", "auth-staging.adobe.com")
}

const isName = (name: string): name is Name => Object.hasOwn(environments, name)

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

/** Whether an environment is on this machine, as an emulator mostly is. @internal */
export const isLoopback = ({ sp }: Environment): boolean => loopback.test(new URL(sp).hostname)

const origin = (field: string, input: string | URL): Either.Either<string, InvalidInput> => {
  const fail = (problem: string) => Either.left(new InvalidInput({ field, problem }))
  if (!URL.canParse(String(input))) return fail("is not an absolute URL")
  const url = new URL(input)
  if (url.protocol !== "https:" && !(url.protocol === "http:" && loopback.test(url.hostname))) {
    return fail("must be an https URL (http is accepted for a loopback host only)")
  }
  if (url.username !== "" || url.password !== "") return fail("must not contain a user name or password")
  if (url.pathname !== "/" || url.search !== "" || url.hash !== "") {
    return fail("must be an origin, without path, query or fragment")
  }
  return Either.right(url.origin)
}

/**
 * The environment with these origins among its `aliases`, such as a host that Adobe gave you. Unlike another `sp`, an
 * alias does not change the keys under which credentials are stored. `InvalidInput` unless each is an origin over https.
 *
 * @example
 * ```ts
 * import { Environment } from "effect-adobe-pass"
 *
 * const prequal = Environment.withAliases(Environment.environments["prequal-production"], [
 *   "https://api-prequal.auth.adobe.com"
 * ])
 * ```
 *
 * @since 0.1.0
 * @category combinators
 */
export const withAliases = (
  environment: Environment,
  aliases: ReadonlyArray<string | URL>
): Either.Either<Environment, InvalidInput> =>
  Either.map(Either.all(aliases.map((alias) => origin("environment.aliases", alias))), (origins) => ({
    ...environment,
    aliases: [...new Set([...environment.aliases, ...origins])]
  }))

/**
 * An environment of your own: the emulator, a recording proxy, a host that Adobe gave you.
 *
 * Fails with `InvalidInput` unless its URLs are origins over https; plain http is accepted for loopback hosts.
 * `mgmt` defaults to `sp`.
 *
 * @example
 * ```ts
 * import { Environment } from "effect-adobe-pass"
 *
 * const emulator = Environment.custom({ name: "emulator", sp: "http://127.0.0.1:8787" })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const custom = (options: {
  readonly name: string
  readonly sp: string | URL
  readonly mgmt?: string | URL | undefined
  readonly aliases?: ReadonlyArray<string | URL> | undefined
}): Either.Either<Environment, InvalidInput> => {
  if (!/^[\w.-]{1,64}$/.test(options.name)) {
    return Either.left(
      new InvalidInput({
        field: "environment.name",
        problem: "must be 1 to 64 letters, digits, dots, dashes or underscores"
      })
    )
  }
  if (isName(options.name)) {
    return Either.left(
      new InvalidInput({
        field: "environment.name",
        problem: "is the name of one of Adobe's own environments"
      })
    )
  }
  return Either.gen(function* () {
    const sp = yield* origin("environment.sp", options.sp)
    const mgmt = options.mgmt === undefined ? sp : yield* origin("environment.mgmt", options.mgmt)
    return yield* withAliases({ name: options.name, sp, mgmt, aliases: [] }, options.aliases ?? [])
  })
}

/**
 * The environment of a name; `InvalidInput` lists the four names when it is none of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromName = (name: string): Either.Either<Environment, InvalidInput> =>
  isName(name)
    ? Either.right(environments[name])
    : Either.left(
        new InvalidInput({
          field: "environment",
          problem: `must be one of ${Object.keys(environments).join(", ")}, or a custom environment`
        })
      )
