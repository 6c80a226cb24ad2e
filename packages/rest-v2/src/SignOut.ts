/**
 * Signing a person out.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { CurrentDevice } from "effect-adobe-pass/Device"
import type { OfPlatform, OfVisitor } from "./Identity.js"
import type { KeyValueStoreError } from "./KeyValueStoreError.js"
import type { Logouts } from "./Logout.js"
import { MvpdChoice } from "./MvpdChoice.js"
import { PreauthorizationCache } from "./PreauthorizationCache.js"
import { ProfileCache } from "./ProfileCache.js"
import { type OfMvpd, RestV2, type RestV2Error } from "./RestV2.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface SignOutParameters extends OfMvpd, OfVisitor, OfPlatform {
  /** Where the browser lands after the logout at the MVPD. */
  readonly redirectUrl?: string | undefined
  /** Whether the MVPD that the person chose is remembered for the next time. @default "keep" */
  readonly mvpdChoice?: "keep" | "forget" | undefined
}

/** Drops what is kept of the profile with an MVPD. */
const drop = (parameters: OfMvpd) =>
  Effect.gen(function* () {
    yield* Effect.flatMap(PreauthorizationCache, (permits) => permits.drop(parameters))
    yield* Effect.flatMap(ProfileCache, (profiles) => profiles.drop(parameters))
  })

/**
 * Logs out at Adobe Pass, drops the profiles and permits that are kept of every MVPD that was logged out from, and says
 * what is left to do for each. The client credentials of the device stay.
 *
 * Only when a person asks for it: nothing here does it by itself, whatever a decision says. When the store fails before
 * the logout, it is not made; when it fails afterwards, sign out again. Whoever interrupts a logout has the profile
 * dropped, too.
 *
 * @example
 * ```ts
 * import { Effect, Match } from "effect"
 * import { Logout, SignOut } from "effect-adobe-pass-rest-v2"
 *
 * const next = Match.typeTags<Logout.Logout>()({
 *   LogoutAtMvpd: ({ url }) => `Open ${url} in a browser, if the device has one.`,
 *   LogoutAtPartner: () => "Sign out in the settings of the system.",
 *   LogoutComplete: () => "You are signed out.",
 *   NotSignedIn: () => "You were not signed in.",
 *   UnknownAction: ({ actionName }) => actionName
 * })
 *
 * const signOut = Effect.map(
 *   SignOut.signOut({ serviceProvider: "ACME", mvpd: "NorthCable", redirectUrl: "https://acme.example/bye" }),
 *   (logouts) => Object.values(logouts).map(next)
 * )
 * ```
 *
 * @since 0.1.0
 * @category logout
 */
export const signOut = ({
  mvpdChoice = "keep",
  ...parameters
}: SignOutParameters): Effect.Effect<
  Logouts["logouts"],
  RestV2Error | KeyValueStoreError,
  CurrentDevice | MvpdChoice | PreauthorizationCache | ProfileCache | RestV2
> =>
  Effect.gen(function* () {
    const { logout } = yield* RestV2
    // Before, so that a logout whose answer is lost leaves nothing; after, because a question may have come in between.
    yield* drop(parameters)
    const logouts = yield* logout.initiate(parameters)
    for (const mvpd of new Set([parameters.mvpd, ...Object.keys(logouts)])) {
      yield* drop({ serviceProvider: parameters.serviceProvider, mvpd })
    }
    if (mvpdChoice === "forget") yield* Effect.flatMap(MvpdChoice, (choice) => choice.forget(parameters))
    return logouts
  })
