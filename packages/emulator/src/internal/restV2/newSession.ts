/** Begins a session of a device. */
import * as Crypto from "node:crypto"
import * as Effect from "effect/Effect"
import type { Parameters, Session as StoredSession, Subjects } from "../../SavedState.js"
import type { Caller } from "./caller.js"
import { Emulated, now } from "./emulated.js"
import { newCode, sessionMillis } from "./sessionStore.js"

export const newSession = (
  { address, clientId, device, info }: Caller,
  serviceProvider: string,
  parameters: Parameters,
  subjects: Subjects
): Effect.Effect<StoredSession, never, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const notBefore = yield* now
    const session: StoredSession = {
      code: yield* newCode,
      sessionId: Crypto.randomUUID(),
      serviceProvider,
      clientId,
      device,
      ...(info === undefined ? {} : { info }),
      ...(address === undefined ? {} : { address }),
      subjects,
      parameters,
      notBefore,
      notAfter: notBefore + sessionMillis,
      replaced: false
    }
    restV2.sessions.add(session)
    return session
  })
