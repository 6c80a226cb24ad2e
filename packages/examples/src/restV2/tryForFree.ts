/**
 * A TempPass: a person who has not signed in may watch for some time, or some programs. It needs no session and no logout.
 *
 * @since 0.1.0
 */
import { createHash } from "node:crypto"
import * as Effect from "effect/Effect"
import { RestV2 } from "effect-adobe-pass-rest-v2"

const serviceProvider = "ACME"

/**
 * Plays with a promotional TempPass, which belongs to a person. Their address leaves this process as a hash alone.
 * `undefined` when the promotion is used up: offer to sign in.
 *
 * @since 0.1.0
 * @category programs
 */
export const tryForFree = (mvpd: string, email: string, resource: string) =>
  Effect.gen(function* () {
    const { decisions } = yield* RestV2.RestV2
    const [decision] = yield* decisions.authorize({
      serviceProvider,
      mvpd,
      resources: [resource],
      tempPassIdentity: { email: createHash("sha256").update(email).digest("hex") }
    })
    return decision?._tag === "AuthorizationPermit" ? decision.token : undefined
  })
