import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted } from "effect"
import { describePostgres, usePostgres } from "../support/postgres.js"
import { sqlContract } from "./contract.js"

describePostgres("with PostgreSQL", () => {
  const postgres = usePostgres()
  const database = Effect.runSync(Effect.cached(Effect.flatMap(postgres, ({ database }) => database)))
  const client = Effect.map(database, (url) => PgClient.layer({ url: Redacted.make(url), maxConnections: 4 }))
  sqlContract("PostgreSQL", client)
})
