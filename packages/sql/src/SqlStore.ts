/**
 * A credential store in a SQL database, for a fleet of processes: PostgreSQL, or SQLite for the processes of one host.
 *
 * @since 0.1.0
 */
import * as SqlClient from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as Arr from "effect/Array"
import * as Chunk from "effect/Chunk"
import type * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { type CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as CredentialStore from "effect-adobe-pass/CredentialStore"
import * as Lease from "effect-adobe-pass/Lease"
import { SessionKey } from "effect-adobe-pass/SessionKey"
import { type Dialect, dialectOf } from "./internal/dialect.js"
import { codeOf, inTurn } from "./internal/failures.js"
import * as Migrations from "./Migrations.js"

/**
 * Where the records are, and how long leases live.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options extends CredentialStore.Options {
  /** The table: letters, digits and underscores. Its migrations are kept in `<table>_migrations`. @default "adobe_pass_sessions" */
  readonly table?: string | undefined
  /** The lease that the lock of a session is. */
  readonly lease?: Lease.Options | undefined
  /** Whether the table is made and brought up to date on start; otherwise run `Migrations.run` yourself. @default true */
  readonly migrate?: boolean | undefined
}

/** SQLSTATE 57014: the server gave the statement up, by its own time limit. */
const failure = (error: SqlError): CredentialStore.BackendFailure => {
  const code = codeOf(error)
  return { reason: code === "57014" || code === "SQLITE_BUSY" ? "Timeout" : "Unavailable", code }
}

const Fence = Schema.NumberFromString
const Granted = Schema.Struct({ fence: Fence, taken: Fence })
const decodeGranted = Schema.decodeUnknownOption(Granted)
const decodeKey = Schema.decodeUnknownOption(SessionKey)
const recordOf = (row: unknown): string | undefined =>
  Predicate.hasProperty(row, "record") && typeof row.record === "string" ? row.record : undefined
const keyOf = (row: unknown): Option.Option<SessionKey> =>
  Predicate.hasProperty(row, "session") ? decodeKey(row.session) : Option.none()

const page = 1000
const keysPerRead = 500

const backend = (
  client: SqlClient.SqlClient,
  { milliseconds, system }: Dialect,
  tableName: string,
  leaseOptions: Lease.Options | undefined
): CredentialStore.Encoded => {
  const sql = client.withoutTransforms()
  const table = sql(tableName)
  const now = sql.literal(milliseconds)

  /**
   * A client's own span of a statement is given the rows that it found, and with them a record. So there is a span of
   * the operation instead, which is told nothing but that it went well, or the failure.
   */
  const run = (
    operation: string,
    statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>
  ): Effect.Effect<ReadonlyArray<unknown>, CredentialStore.BackendFailure> =>
    Effect.suspend(() => {
      let found: ReadonlyArray<unknown> = []
      return inTurn(client, statement).pipe(
        Effect.withTracerEnabled(false),
        Effect.mapBoth({
          onFailure: failure,
          onSuccess: (rows) => {
            found = rows
          }
        }),
        Effect.withSpan(`SqlStore.${operation}`, {
          kind: "client",
          captureStackTrace: false,
          attributes: { "db.system.name": system, "db.collection.name": tableName }
        }),
        Effect.map(() => found)
      )
    })

  const changed = (operation: string, statement: Effect.Effect<ReadonlyArray<unknown>, SqlError>) =>
    Effect.map(run(operation, statement), (rows) => rows.length > 0)

  const is = (expected: Option.Option<string>) =>
    Option.match(expected, {
      onNone: () => sql`record IS NULL`,
      onSome: (text) => sql`record = ${text}`
    })

  const leases: Lease.Leases = {
    acquire: (key, owner, ttl) =>
      Effect.map(
        run(
          "acquire",
          sql`
          INSERT INTO ${table} AS held (session, lease_owner, lease_fence, lease_expires, updated_at)
          VALUES (${key}, ${owner}, 1, ${now} + ${ttl}, ${now})
          ON CONFLICT (session) DO UPDATE SET
            lease_taken = CASE
              WHEN held.lease_owner IS NULL THEN 0
              WHEN held.lease_owner = excluded.lease_owner THEN held.lease_taken
              ELSE 1
            END,
            lease_owner = excluded.lease_owner,
            lease_fence = held.lease_fence + 1,
            lease_expires = excluded.lease_expires
          WHERE held.lease_owner IS NULL
            OR held.lease_owner = excluded.lease_owner
            OR held.lease_expires <= ${now}
          RETURNING CAST(lease_fence AS TEXT) AS fence, CAST(lease_taken AS TEXT) AS taken`
        ),
        ([row]) => Option.map(decodeGranted(row), ({ fence, taken }) => ({ fence, takenOver: taken === 1 }))
      ),
    renew: (key, owner, ttl) =>
      changed(
        "renew",
        sql`
        UPDATE ${table} SET lease_expires = ${now} + ${ttl}
        WHERE session = ${key} AND lease_owner = ${owner}
        RETURNING session`
      ),
    release: (key, owner) =>
      Effect.asVoid(
        run(
          "release",
          sql`
          UPDATE ${table} SET lease_owner = NULL
          WHERE session = ${key} AND lease_owner = ${owner}`
        )
      )
  }

  const isHeldBy = (lease: Lease.Lease | undefined) =>
    lease === undefined ? sql`TRUE` : sql`lease_owner = ${lease.owner}`

  const create = (key: SessionKey, next: string) => sql`
    INSERT INTO ${table} AS held (session, record, updated_at)
    VALUES (${key}, ${next}, ${now})
    ON CONFLICT (session) DO UPDATE SET record = excluded.record, updated_at = excluded.updated_at
    WHERE held.record IS NULL
    RETURNING session`

  const update = (
    key: SessionKey,
    expected: Option.Option<string>,
    next: string,
    lease: Lease.Lease | undefined
  ) => sql`
    UPDATE ${table} SET record = ${next}, updated_at = ${now}
    WHERE session = ${key} AND ${is(expected)} AND ${isHeldBy(lease)}
    RETURNING session`

  const compareAndSet: CredentialStore.Encoded["compareAndSet"] = (key, expected, next, lease) =>
    Effect.gen(function* () {
      // Whoever has a lease has a row.
      const isNew = lease === undefined && Option.isNone(expected)
      const set = yield* changed(
        "compareAndSet",
        isNew ? create(key, next) : update(key, expected, next, lease)
      )
      if (set || lease === undefined) return set
      const held = yield* changed(
        "compareAndSet",
        sql`SELECT session FROM ${table} WHERE session = ${key} AND ${isHeldBy(lease)}`
      )
      return held ? false : yield* Effect.fail({ reason: "Locked", code: CredentialStore.leaseLost } as const)
    })

  const keysAfter = (last: string) =>
    Effect.map(
      run(
        "keys",
        sql`
        SELECT session FROM ${table}
        WHERE record IS NOT NULL AND session > ${last}
        ORDER BY session LIMIT ${page}`
      ),
      (rows) => {
        const keys = rows.flatMap((row) => Option.toArray(keyOf(row)))
        return [
          Chunk.unsafeFromArray(keys),
          rows.length < page ? Option.none() : Option.fromNullable(keys.at(-1))
        ] as const
      }
    )

  return {
    read: (key) =>
      Effect.map(run("read", sql`SELECT record FROM ${table} WHERE session = ${key}`), ([row]) =>
        Option.fromNullable(recordOf(row))
      ),
    readMany: (keys) =>
      Effect.map(
        Effect.forEach(Arr.chunksOf(keys, keysPerRead), (some) =>
          run(
            "readMany",
            sql`
            SELECT session, record FROM ${table}
            WHERE record IS NOT NULL AND session IN ${sql.in(some)}`
          )
        ),
        (pages) =>
          new Map(
            pages
              .flat()
              .flatMap((row) =>
                Option.toArray(
                  Option.flatMap(keyOf(row), (key) =>
                    Option.map(Option.fromNullable(recordOf(row)), (record) => [key, record] as const)
                  )
                )
              )
          )
      ),
    compareAndSet,
    // The row stays, with the number of its last lease; rows without a record go on a later start.
    remove: (key) =>
      Effect.asVoid(
        run("remove", sql`UPDATE ${table} SET record = NULL, updated_at = ${now} WHERE session = ${key}`)
      ),
    lock: Lease.lock(leases, leaseOptions),
    keys: Stream.paginateChunkEffect("", keysAfter)
  }
}

const positive = (field: string, input: Duration.DurationInput | undefined) =>
  input === undefined ||
  Option.exists(Duration.decodeUnknown(input), (duration) => Duration.greaterThan(duration, Duration.zero))
    ? Effect.void
    : Effect.fail(new InvalidInput({ field, problem: "must be a duration that is longer than zero" }))

/**
 * A store in one table, one row for each session.
 *
 * Every operation is one statement on one row, with the database's own clock, so the nodes may disagree about the
 * time. When a save returns, the row is committed; a transaction that the caller has open is not joined, and its
 * rollback takes nothing away. Secrets travel as parameters, never in the text of a statement.
 *
 * Fails with `InvalidInput` when the database is neither PostgreSQL nor SQLite or an option cannot be used, and with
 * `CredentialStoreError` when the table cannot be made.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  options: Options = {}
): Effect.Effect<
  Context.Tag.Service<CredentialStore.CredentialStore>,
  CredentialStoreError | InvalidInput,
  SqlClient.SqlClient
> =>
  Effect.gen(function* () {
    const client = yield* SqlClient.SqlClient
    const dialect = yield* dialectOf(client)
    const table = yield* Migrations.tableName(options.table)
    yield* positive("timeout", options.timeout)
    yield* positive("lease.ttl", options.lease?.ttl)
    yield* positive("lease.wait", options.lease?.wait)
    yield* options.migrate === false ? Migrations.patience(client, dialect) : Migrations.run({ table })
    return CredentialStore.makeEncoded(backend(client, dialect, table, options.lease), options)
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
  options: Options = {}
): Layer.Layer<CredentialStore.CredentialStore, CredentialStoreError | InvalidInput, SqlClient.SqlClient> =>
  Layer.effect(CredentialStore.CredentialStore, make(options))
