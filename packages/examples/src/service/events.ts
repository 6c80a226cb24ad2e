import { Effect, Layer, Stream } from "effect"
import { Sessions } from "effect-adobe-pass"

/** What happens to sessions, in the log: loud where users have to sign in again or a node died at a bad moment. */
export const layer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const sessions = yield* Sessions.Sessions
    yield* Stream.runForEach(sessions.events, (event) => {
      const line = Effect.annotateLogs({ session: event.session })
      switch (event._tag) {
        case "CredentialsReplaced":
        case "RegistrationAbandoned":
        case "StoreFailed":
          return line(Effect.logWarning(event._tag))
        default:
          return line(Effect.logDebug(event._tag))
      }
    }).pipe(Effect.forkScoped)
  })
)
