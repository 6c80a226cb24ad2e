/** The script API, on the state of one emulator. */
import * as Crypto from "node:crypto"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { MintOptions, Script } from "../Script.js"
import { restV2Script } from "./restV2/script.js"
import { serverNow } from "./serverClock.js"
import type { Settings } from "./settings.js"
import type { State } from "./state.js"

const mintStatement = ({ registry, settings }: State, options: MintOptions): Effect.Effect<string> =>
  Effect.zipWith(serverNow(settings), Ref.get(settings), (now, { scopes }) =>
    registry.mintStatement(
      {
        id: options.subject ?? Crypto.randomUUID(),
        scopes: options.scopes ?? scopes,
        redirectDomains: options.redirectDomains
      },
      options.issuedAt ?? now
    )
  )

export const makeScript = (state: State): Script => {
  const { faults, log, registry, softwareStatement } = state
  const set = (changed: Partial<Settings>) =>
    Ref.update(state.settings, (settings) => ({ ...settings, ...changed }))
  return {
    ...restV2Script(state),
    softwareStatement,
    mintStatement: (options = {}) => mintStatement(state, options),
    fail: (options) => Effect.sync(() => faults.add(options)),
    clearFaults: Effect.sync(() => {
      faults.clear()
      state.restV2.failures.clear()
    }),
    revokeStatement: (statement = softwareStatement) =>
      Effect.sync(() => registry.setApproved(statement, false)),
    restoreStatement: (statement = softwareStatement) =>
      Effect.sync(() => registry.setApproved(statement, true)),
    revokeClient: (clientId) => Effect.sync(() => registry.revokeClient(clientId)),
    revokeAllClients: Effect.sync(() => registry.revokeAllClients()),
    revokeTokens: Effect.sync(() => registry.revokeTokens()),
    expireTokens: Effect.sync(() => registry.expireTokens()),
    skewClock: (duration, direction = "ahead") =>
      set({ skewMillis: Duration.toMillis(duration) * (direction === "ahead" ? 1 : -1) }),
    setTokenTtl: (ttl, clientId) =>
      clientId === undefined
        ? set({ tokenTtl: Duration.decode(ttl) })
        : Ref.update(state.settings, (settings) => ({
            ...settings,
            clientTtls: new Map(settings.clientTtls).set(clientId, Duration.decode(ttl))
          })),
    setIssuedAtUnit: (issuedAtUnit) => set({ issuedAtUnit }),
    clients: Effect.sync(() => registry.clientIds()),
    log: Effect.sync(() => log.entries()),
    counts: Effect.sync(() => log.counts()),
    clearLog: Effect.sync(() => log.clear())
  }
}
