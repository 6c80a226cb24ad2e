/**
 * A credential store in a SQL database, for several processes: PostgreSQL for a fleet, SQLite for one host.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import type { CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import * as Lease from "effect-adobe-pass/Lease"
import type * as Setting from "effect-adobe-pass/Setting"
import * as DatabaseFile from "./internal/databaseFile.js"
import * as Leases from "./internal/leases.js"
import * as Records from "./internal/records.js"
import * as Table from "./internal/table.js"
import * as Migrations from "./Migrations.js"
import * as SqlOptions from "./SqlOptions.js"

/**
 * Options of the store, see `SqlOptions.store`.
 *
 * @since 0.1.0
 * @category models
 */
export interface SqlStoreOptions
  extends CredentialStore.StoreOptions,
    Setting.Input<typeof SqlOptions.store> {}

const others: {
  readonly [Option in Exclude<keyof SqlStoreOptions, keyof typeof SqlOptions.store.settings>]-?: true
} = { encryption: true }

/**
 * A store in one table, with one row per session.
 *
 * Each operation is one statement on one row and uses the time of the database, so the clocks of the nodes may differ.
 * When a save returns, the row is committed. The store does not join a transaction of its caller, so rolling that back
 * removes nothing. Secrets are parameters, never part of the text of a statement.
 *
 * The file of a SQLite database and its side files become private (0600) before anything is written to them.
 *
 * Fails with `InvalidInput` when the database is neither PostgreSQL nor SQLite, its file is open to other users and
 * belongs to another user, or an option cannot be used; with `CredentialStoreError` when the migrations fail.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: SqlStoreOptions = {}
): Effect.Effect<
  CredentialStore.CredentialStore,
  CredentialStoreError | InvalidInput,
  SqlClient.SqlClient | Scope.Scope
> =>
  Effect.gen(function* () {
    const checked = yield* SqlOptions.store.checkNames(options, "", Object.keys(others))
    const table = yield* Table.make(yield* SqlClient.SqlClient, checked.table)
    yield* DatabaseFile.makePrivate(table)
    const locked = yield* Lease.make(Leases.make(table), options.lease)
    const store = yield* CredentialStore.make(Records.make(table, locked), options)
    yield* checked.migrate ? Migrations.run(checked) : Migrations.setBusyTimeout(table)
    return store
  })

/**
 * `make` as a layer.
 *
 * @example
 * ```ts
 * import { PgClient } from "@effect/sql-pg"
 * import { Config, Layer } from "effect"
 * import { SqlStore } from "effect-adobe-pass-sql"
 *
 * const store = Layer.provide(SqlStore.layer(), PgClient.layerConfig({ url: Config.redacted("DATABASE_URL") }))
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options: SqlStoreOptions = {}
): Layer.Layer<CredentialStore.CredentialStore, CredentialStoreError | InvalidInput, SqlClient.SqlClient> =>
  Layer.scoped(CredentialStore.CredentialStore, make(options))
