import * as path from "node:path"
import { SqlClient } from "@effect/sql"
import { LibsqlClient } from "@effect/sql-libsql"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { Encryption, type SessionKey } from "effect-adobe-pass"
import { SqlStore } from "effect-adobe-pass-sql"
import { temporaryDirectory } from "../node/directory.js"
import { contract } from "../support/contract.js"
import { describePostgres, usePostgres } from "../support/postgres.js"

const leaseTtl = "600 millis"

const encryption = Encryption.make([
  { id: "k1", secret: Redacted.make(Buffer.alloc(32, 7).toString("base64")) }
])

/** A store on a database, with the hook of the contract. */
const storageOn = <E>(client: Layer.Layer<SqlClient.SqlClient, E>, options: SqlStore.Options = {}) => ({
  layer: Layer.orDie(
    Layer.provide(SqlStore.layer({ ...options, lease: { ttl: leaseTtl } }), Layer.fresh(client))
  ),
  damage: (key: SessionKey.SessionKey) =>
    Effect.flatMap(
      SqlClient.SqlClient,
      (sql) => sql`UPDATE adobe_pass_sessions SET record = substr(record, 1, 60) WHERE session = ${key}`
    ).pipe(Effect.provide(client), Effect.orDie, Effect.asVoid)
})

const sqlite = Effect.map(temporaryDirectory, (directory) =>
  LibsqlClient.layer({ url: `file:${path.join(directory, "store.db")}` })
)

contract("SQLite", { storage: Effect.map(sqlite, (client) => storageOn(client)), leaseTtl })

contract("SQLite, encrypted", {
  storage: Effect.all([sqlite, Effect.orDie(encryption)]).pipe(
    Effect.map(([client, encryption]) => storageOn(client, { encryption }))
  ),
  leaseTtl
})

describePostgres("with PostgreSQL", () => {
  const postgres = usePostgres()
  const database = Effect.map(
    Effect.flatMap(postgres, (server) => server.database),
    (url) => PgClient.layer({ url: Redacted.make(url), maxConnections: 4 })
  )

  contract("PostgreSQL", { storage: Effect.map(database, (client) => storageOn(client)), leaseTtl })

  contract("PostgreSQL, encrypted", {
    storage: Effect.all([database, Effect.orDie(encryption)]).pipe(
      Effect.map(([client, encryption]) => storageOn(client, { encryption }))
    ),
    leaseTtl
  })
})
