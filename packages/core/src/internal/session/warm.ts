/** How stored sessions come into memory before they are used. */
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Stream from "effect/Stream"
import type { CredentialStoreError } from "../../AdobePassError.js"
import type { Device } from "../../Device.js"
import * as SessionKey from "../../SessionKey.js"
import { storeRetry } from "./credentials.js"
import type { SessionServices } from "./session.js"
import type { SessionMap } from "./sessionMap.js"

const batchSize = 500

const warmBatch = (
  services: SessionServices,
  sessions: SessionMap,
  devices: ReadonlyArray<Device>
): Effect.Effect<number, CredentialStoreError> =>
  Effect.gen(function* () {
    const keys = yield* Effect.forEach(devices, (device) => SessionKey.make(services.application, device))
    const found = yield* Effect.retry(services.store.loadMany(keys), storeRetry)
    const at = yield* Clock.currentTimeMillis
    for (const [index, device] of devices.entries()) {
      const key = keys[index]
      const stored = key === undefined ? undefined : found.get(key)
      if (key === undefined || stored === undefined) continue
      const entry = sessions.use(Redacted.value(device.id))
      if (entry.state.credentials !== undefined || entry.isPinned) continue
      entry.key = key
      yield* services.apply({ device, entry, key }, { _tag: "Warmed", stored, at })
    }
    return found.size
  })

/** Loads the sessions of these devices, as many as fit, and returns how many the store had. */
export const warm = (
  services: SessionServices,
  sessions: SessionMap,
  devices: Iterable<Device>
): Effect.Effect<number, CredentialStoreError> =>
  Stream.fromIterable(devices).pipe(
    Stream.take(services.options.capacity),
    Stream.grouped(batchSize),
    Stream.mapEffect((batch) => warmBatch(services, sessions, Chunk.toReadonlyArray(batch)), {
      concurrency: 4
    }),
    Stream.runSum
  )
