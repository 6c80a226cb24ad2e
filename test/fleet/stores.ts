import { Effect, Layer, Redacted } from "effect"
import type { CredentialStore } from "effect-adobe-pass"

/** Where a store is: a directory, or the URL of a server. */
export type Place = { readonly kind: "file" | "postgres" | "redis"; readonly at: string }

/** Long, so that a busy machine does not look like an outage. */
const timeout = "5 minutes"

const later = <E>(
  store: () => Promise<Layer.Layer<CredentialStore.CredentialStore, E>>
): Layer.Layer<CredentialStore.CredentialStore, E> => Layer.unwrapEffect(Effect.promise(store))

/** The store of a node at a place. Only its own modules are loaded: a node that is killed soon is mostly loading. */
export const storeAt = (
  { at, kind }: Place,
  ttl = "60 seconds"
): Layer.Layer<CredentialStore.CredentialStore, unknown> => {
  const lease = { ttl: Number(ttl.split(" ")[0]) * 1000, wait: timeout } as const
  switch (kind) {
    case "file":
      return later(async () => {
        const FileStore = await import("effect-adobe-pass-node/FileStore")
        return FileStore.layer({ directory: at, timeout, lockWait: timeout })
      })
    case "postgres":
      return later(async () => {
        const PgClient = await import("@effect/sql-pg/PgClient")
        const SqlStore = await import("effect-adobe-pass-sql/SqlStore")
        return Layer.provide(
          SqlStore.layer({ lease, timeout }),
          PgClient.layer({ url: Redacted.make(at), maxConnections: 8 })
        )
      })
    case "redis":
      return later(async () => {
        const Redis = await import("effect-adobe-pass-redis/Redis")
        const RedisStore = await import("effect-adobe-pass-redis/RedisStore")
        return Layer.provide(RedisStore.layer({ lease, timeout }), Redis.layer({ url: Redacted.make(at) }))
      })
  }
}
