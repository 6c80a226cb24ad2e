import { Context, Effect, Layer, Stream } from "effect"
import { type CredentialStore, ProtectedClient, Sessions } from "effect-adobe-pass"
import { adobePass } from "./system.js"

/** A node of the fleet on a store, with what its sessions told so far. It lives until the scope ends. */
export const startNode = (
  store: Layer.Layer<CredentialStore.CredentialStore>,
  options: Parameters<typeof adobePass>[0] = {}
) =>
  Effect.gen(function* () {
    const context = yield* Layer.build(
      Layer.fresh(adobePass({ throttle: { burst: 1_000_000 }, ...options }).pipe(Layer.provide(store)))
    )
    const sessions = Context.get(context, Sessions.Sessions)
    const told: Array<Sessions.SessionEvent["_tag"]> = []
    yield* Effect.forkScoped(
      Stream.runForEach(sessions.events, ({ _tag }) => Effect.sync(() => void told.push(_tag)))
    )
    yield* Effect.yieldNow()
    return { sessions, told, client: Context.get(context, ProtectedClient.ProtectedClient) }
  })
