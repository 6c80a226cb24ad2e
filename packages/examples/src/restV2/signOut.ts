/**
 * Signing out, because the person asked for it. What is left to do depends on how they signed in.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Match from "effect/Match"
import { type Logout, SignOut } from "effect-adobe-pass-rest-v2"

const serviceProvider = "ACME"

const sentence = Match.typeTags<Logout.Logout>()({
  LogoutAtMvpd: ({ mvpd, url }) => `Open ${url} in a browser to sign out at ${mvpd}, too.`,
  LogoutAtPartner: () => "Sign out in the settings of the system.",
  LogoutComplete: () => "You are signed out.",
  NotSignedIn: () => "You were not signed in.",
  UnknownAction: ({ mvpd }) => `Ask ${mvpd} how to sign out there.`
})

/**
 * Signs the device out from an MVPD, and says what to tell the person. The client credentials of the device stay, and so
 * does the choice of the MVPD.
 *
 * @since 0.1.0
 * @category programs
 */
export const signOut = (mvpd: string, redirectUrl: string) =>
  Effect.map(SignOut.signOut({ serviceProvider, mvpd, redirectUrl }), (logouts) =>
    Object.values(logouts).map(sentence)
  )
