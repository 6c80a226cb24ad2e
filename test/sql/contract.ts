import { SqlClient, type SqlError } from "@effect/sql"
import { Effect, Layer, Option, type Scope } from "effect"
import type { CredentialStore, SessionKey } from "effect-adobe-pass"
import { SqlStore } from "effect-adobe-pass-sql"
import { contract } from "../support/contract.js"
import { timeout } from "./behaviour.js"

/** As long as the contract allows: a busy machine renews in time. */
const leaseTtl = "1 second"

let tables = 0

/** A store on a table of its own, with the hooks of the contract. */
const storageOn = <E>(client: Layer.Layer<SqlClient.SqlClient, E>) => {
  tables += 1
  const table = `law_${tables}`
  const query = <A>(run: (sql: SqlClient.SqlClient) => Effect.Effect<A, SqlError.SqlError>) =>
    Effect.flatMap(SqlClient.SqlClient, run).pipe(Effect.provide(client), Effect.orDie)
  return {
    layer: (options: CredentialStore.StoreOptions) =>
      Layer.orDie(
        Layer.provide(
          SqlStore.layer({ timeout, ...options, table, lease: { ttl: leaseTtl } }),
          Layer.fresh(client)
        )
      ),
    record: (key: SessionKey.SessionKey) =>
      Effect.map(
        query((sql) => sql<{ record: string }>`SELECT record FROM ${sql(table)} WHERE session = ${key}`),
        ([row]) => Option.fromNullable(row?.record)
      ),
    damage: (key: SessionKey.SessionKey) =>
      Effect.asVoid(
        query((sql) => sql`UPDATE ${sql(table)} SET record = substr(record, 1, 60) WHERE session = ${key}`)
      )
  }
}

/** Checks the laws of a credential store on a database. */
export const sqlContract = <E>(
  name: string,
  client: Effect.Effect<Layer.Layer<SqlClient.SqlClient, E>, never, Scope.Scope>
): void => contract(name, { storage: Effect.map(client, storageOn), leaseTtl })
