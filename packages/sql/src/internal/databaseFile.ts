/** The file of a SQLite database, which holds secrets. */
import * as fs from "node:fs/promises"
import type { SqlError } from "@effect/sql/SqlError"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { type CredentialStoreError, InvalidInput } from "effect-adobe-pass/AdobePassError"
import * as StoreBackend from "effect-adobe-pass/StoreBackend"
import * as Statement from "./statement.js"
import type { Table } from "./table.js"

/** The name of the file; empty for a database in memory. */
const nameOf = ({ client, sql }: Table): Effect.Effect<string, SqlError> =>
  Effect.map(
    Statement.run(
      client,
      sql<{ readonly file: string | null }>`SELECT file FROM pragma_database_list WHERE name = 'main'`
    ),
    ([main]) => main?.file ?? ""
  )

/** `None` when there is no such file. */
const step = <A>(run: () => Promise<A>): Effect.Effect<Option.Option<A>, StoreBackend.BackendFailure> =>
  Effect.tryPromise({
    try: run,
    catch: (error): StoreBackend.BackendFailure => ({
      reason: "Unavailable",
      code: Predicate.hasProperty(error, "code") && typeof error.code === "string" ? error.code : undefined
    })
  }).pipe(
    Effect.asSome,
    Effect.catchIf(
      ({ code }) => code === "ENOENT",
      () => Effect.succeedNone
    )
  )

/** Takes the rights of others to one file away, if there is such a file. */
const close = (file: string, user: number) =>
  Effect.gen(function* () {
    const found = Option.getOrUndefined(yield* step(() => fs.stat(file)))
    if (found === undefined || (found.mode & 0o077) === 0) return
    if (found.uid !== user) {
      return yield* new InvalidInput({
        field: "SqlClient",
        problem: "has a database file that is open to other users and belongs to another user"
      })
    }
    yield* step(() => fs.chmod(file, found.mode & 0o700))
    // A client creates the file empty, with the usual mode.
    if (found.size > 0) {
      yield* Effect.logWarning(
        "A database file of the credential store was open to other users and is private now"
      )
    }
  })

/**
 * Makes the file of a SQLite database and its side files private, before the store writes to them. SQLite gives the
 * mode of the file to the side files that it creates later. Where files have no modes it does nothing.
 *
 * @internal
 */
export const makePrivate = (table: Table): Effect.Effect<void, CredentialStoreError | InvalidInput> =>
  Effect.gen(function* () {
    const user = process.geteuid?.()
    if (table.system !== "sqlite" || user === undefined) return
    const name = yield* Effect.mapError(nameOf(table), Statement.failure)
    if (name === "") return
    yield* Effect.forEach(["", "-wal", "-shm", "-journal"], (suffix) => close(`${name}${suffix}`, user))
  }).pipe(
    Effect.mapError((failure) =>
      failure instanceof InvalidInput ? failure : StoreBackend.toError("load", failure)
    )
  )
