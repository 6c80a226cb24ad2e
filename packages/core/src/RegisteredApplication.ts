/**
 * The registered application a process speaks as: an environment and a software statement.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { InvalidInput } from "./AdobePassError.js"
import * as Environment from "./Environment.js"
import * as SoftwareStatement from "./SoftwareStatement.js"

/**
 * A registered application, checked and ready to be registered for devices.
 *
 * @since 0.1.0
 * @category models
 */
export interface RegisteredApplication {
  readonly environment: Environment.Environment
  readonly softwareStatement: SoftwareStatement.SoftwareStatement
  readonly redirectUri: string | undefined
  readonly userAgent: string
}

/**
 * @since 0.1.0
 * @category tags
 */
export const RegisteredApplication: Context.Tag<RegisteredApplication, RegisteredApplication> =
  Context.GenericTag<RegisteredApplication>("effect-adobe-pass/RegisteredApplication")

/**
 * Whom the process speaks as.
 *
 * @since 0.1.0
 * @category models
 */
export interface ApplicationOptions {
  /** One of Adobe's environments by name, or one of your own. */
  readonly environment: Environment.Name | Environment.Environment
  /** The content of the file downloaded from the TVE Dashboard. */
  readonly softwareStatement: Redacted.Redacted<string>
  /** Where the user agent lands after login; only sent when given. */
  readonly redirectUri?: string | undefined
  /** Sent as `User-Agent`. @default "effect-adobe-pass" */
  readonly userAgent?: string | undefined
}

/** A value is checked like the options of `custom`: its type does not say where it came from. */
const environmentOf = (
  input: Environment.Name | Environment.Environment
): Either.Either<Environment.Environment, InvalidInput> => {
  if (typeof input === "string") return Environment.fromName(input)
  const own = Either.getOrUndefined(Environment.fromName(input.name))
  return own?.sp === input.sp && own.mgmt === input.mgmt
    ? Environment.withAliases(own, input.aliases)
    : Environment.custom(input)
}

/**
 * Checks the options; `InvalidInput` names the first that cannot be used. Nothing is sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: ApplicationOptions): Effect.Effect<RegisteredApplication, InvalidInput> =>
  Effect.gen(function* () {
    const environment = yield* environmentOf(options.environment)
    const softwareStatement = yield* SoftwareStatement.make(options.softwareStatement)
    if (options.redirectUri !== undefined && !URL.canParse(options.redirectUri)) {
      return yield* new InvalidInput({ field: "redirectUri", problem: "is not an absolute URI" })
    }
    const userAgent = options.userAgent ?? "effect-adobe-pass"
    if (!/^[\u0020-\u007e]+$/.test(userAgent)) {
      return yield* new InvalidInput({
        field: "userAgent",
        problem: "must be printable ASCII and not empty"
      })
    }
    return { environment, softwareStatement, redirectUri: options.redirectUri, userAgent }
  })

/**
 * `make` as a layer.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: ApplicationOptions): Layer.Layer<RegisteredApplication, InvalidInput> =>
  Layer.effect(RegisteredApplication, make(options))
