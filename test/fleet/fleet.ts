import { describe } from "@effect/vitest"
import { Effect, Redacted, type Scope } from "effect"
import { Emulator } from "effect-adobe-pass-emulator"
import { temporaryDirectory } from "../node/directory.js"
import { describePostgres, usePostgres } from "../support/postgres.js"
import { describeOwnRedis, ownRedisServer } from "../support/redis.js"
import type { useWorker } from "../support/workers.js"
import type { Place } from "./stores.js"

/** The stores that a fleet can share, each with a fresh place for every test. */
export const useBackends = (): ReadonlyArray<{
  readonly kind: Place["kind"]
  readonly describe: (name: string, tests: () => void) => void
  readonly place: Effect.Effect<Place, never, Scope.Scope>
}> => {
  const postgres = usePostgres()
  return [
    {
      kind: "file",
      describe: describe.concurrent,
      place: Effect.map(temporaryDirectory, (directory) => ({ kind: "file", at: `${directory}/store` }))
    },
    {
      kind: "redis",
      describe: describeOwnRedis,
      place: Effect.map(Effect.orDie(ownRedisServer()), ({ url }) => ({
        kind: "redis",
        at: Redacted.value(url)
      }))
    },
    {
      kind: "postgres",
      describe: describePostgres,
      place: Effect.flatMap(postgres, ({ database }) =>
        Effect.map(database, (at) => ({ kind: "postgres", at }))
      )
    }
  ]
}

/** Starts a node on a place, against the emulator. */
export const nodeOf = (
  start: ReturnType<typeof useWorker>,
  { at, kind }: Place,
  options: { readonly lease?: string } = {}
) =>
  Effect.flatMap(Emulator.Emulator, ({ baseUrl, softwareStatement }) =>
    start({
      env: {
        STORE_KIND: kind,
        STORE_AT: at,
        EMULATOR: baseUrl,
        STATEMENT: softwareStatement,
        LEASE: options.lease ?? "60 seconds"
      }
    })
  )
