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
 * A deployment: `sp` serves `/o/client/*` and the REST APIs, `mgmt` the management APIs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Environment {
  readonly name: string
  readonly sp: string
  readonly mgmt: string
}

const hosts = (name: Name, prequal: string, domain: string): Environment => ({
  name,
  sp: `https://sp${prequal}.${domain}`,
  mgmt: `https://mgmt${prequal}.${domain}`
})

/**
 * The environments by name.
 *
 * @since 0.1.0
 * @category models
 */
export const environments: { readonly [K in Name]: Environment } = {
  "release-production": hosts("release-production", "", "auth.adobe.com"),
  "release-staging": hosts("release-staging", "", "auth-staging.adobe.com"),
  "prequal-production": hosts("prequal-production", "-prequal", "auth.adobe.com"),
  "prequal-staging": hosts("prequal-staging", "-prequal", "auth-staging.adobe.com")
}

const isName = (name: string): name is Name => Object.hasOwn(environments, name)

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/

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
 * An environment of your own: the emulator, a recording proxy, a host that Adobe gave you.
 *
 * Fails with `InvalidInput` unless both URLs are origins over https; plain http is accepted for loopback hosts.
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
  return Either.flatMap(origin("environment.sp", options.sp), (sp) =>
    Either.map(
      options.mgmt === undefined ? Either.right(sp) : origin("environment.mgmt", options.mgmt),
      (mgmt) => ({ name: options.name, sp, mgmt })
    )
  )
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
