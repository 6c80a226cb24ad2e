import * as PgClient from "@effect/sql-pg/PgClient"
import { Layer, Redacted } from "effect"
import type { CredentialStore } from "effect-adobe-pass"
import { FileStore } from "effect-adobe-pass-node"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import { SqlStore } from "effect-adobe-pass-sql"

/** Where a store is: a directory, or the URL of a server. */
export type Place = { readonly kind: "file" | "postgres" | "redis"; readonly at: string }

/** Long, so that a busy machine does not look like an outage. */
const timeout = "30 seconds"

/** The store of a node at a place. */
export const storeAt = (
  { at, kind }: Place,
  ttl = "15 seconds"
): Layer.Layer<CredentialStore.CredentialStore, unknown> => {
  const lease = { ttl: Number(ttl.split(" ")[0]) * 1000 }
  switch (kind) {
    case "file":
      return FileStore.layer({ directory: at, timeout })
    case "postgres":
      return Layer.provide(
        SqlStore.layer({ lease, timeout }),
        PgClient.layer({ url: Redacted.make(at), maxConnections: 8 })
      )
    case "redis":
      return Layer.provide(RedisStore.layer({ lease, timeout }), Redis.layer({ url: Redacted.make(at) }))
  }
}
