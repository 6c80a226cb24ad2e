import { SqlClient } from "@effect/sql"
import { Effect, Layer, type Scope } from "effect"
import type { SessionKey } from "effect-adobe-pass"
import { SqlStore } from "effect-adobe-pass-sql"
import { contract } from "../support/contract.js"
import { encryptionWith, timeout } from "./behaviour.js"

/** As long as the contract allows: a busy machine renews in time. */
const leaseTtl = "1 second"

let tables = 0

/** A store on a table of its own, with the hook of the contract. */
const storageOn = <E>(client: Layer.Layer<SqlClient.SqlClient, E>, options: SqlStore.Options = {}) => {
  tables += 1
  const table = `law_${tables}`
  return {
    layer: Layer.orDie(
      Layer.provide(
        SqlStore.layer({ timeout, ...options, table, lease: { ttl: leaseTtl } }),
        Layer.fresh(client)
      )
    ),
    damage: (key: SessionKey.SessionKey) =>
      Effect.flatMap(
        SqlClient.SqlClient,
        (sql) => sql`UPDATE ${sql(table)} SET record = substr(record, 1, 60) WHERE session = ${key}`
      ).pipe(Effect.provide(client), Effect.orDie, Effect.asVoid)
  }
}

/** Checks the laws of a credential store on a database, in clear and encrypted. */
export const sqlContract = <E>(
  name: string,
  client: Effect.Effect<Layer.Layer<SqlClient.SqlClient, E>, never, Scope.Scope>
): void => {
  contract(name, { storage: Effect.map(client, (layer) => storageOn(layer)), leaseTtl })
  contract(`${name}, encrypted`, {
    storage: Effect.zipWith(client, Effect.orDie(encryptionWith("k1")), (layer, encryption) =>
      storageOn(layer, { encryption })
    ),
    leaseTtl
  })
}
