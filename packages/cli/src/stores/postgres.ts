/** A store in PostgreSQL. */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import type { Encryption } from "effect-adobe-pass/Encryption"
import * as SqlStore from "effect-adobe-pass-sql/SqlStore"
import type { CommandError } from "../ExitCode.js"

export const layer = (
  url: Redacted.Redacted<string>,
  encryption: Encryption | undefined
): Layer.Layer<CredentialStore, CommandError> =>
  SqlStore.layer({ encryption }).pipe(
    Layer.provide(
      PgClient.layer({ url, connectTimeout: "5 seconds", maxConnections: 4 }).pipe(
        Layer.mapError(() => new CredentialStoreError({ operation: "load", reason: "Unavailable" }))
      )
    )
  )
