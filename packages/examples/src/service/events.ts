import { Effect, Layer, Stream } from "effect"
import { Sessions } from "effect-adobe-pass"

const levelOf = ({ _tag }: Sessions.SessionEvent) => {
  switch (_tag) {
    // Users have to sign in again; Adobe Pass refuses a fleet; a node died at a bad moment; the configuration differs; the
    // store is in trouble.
    case "CredentialsReplaced":
    case "IncidentStarted":
    case "RegistrationAbandoned":
    case "RedirectUriChanged":
    case "StoreFailed":
      return Effect.logWarning
    default:
      return Effect.logDebug
  }
}

/** What happens to sessions, in the log. */
export const layer = Layer.scopedDiscard(
  Effect.gen(function* () {
    const { events } = yield* Sessions.Sessions
    yield* Effect.forkScoped(
      Stream.runForEach(events, (event) =>
        Effect.annotateLogs(levelOf(event)(event._tag), "session", event.session)
      )
    )
  })
)
