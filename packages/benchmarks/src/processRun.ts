/**
 * One of several processes for the same device: `processRun.js <store> <where> <origin>`. Says that it is ready, makes a
 * call when it is told to, and prints how that ended.
 */
import { once } from "node:events"
import { LibsqlClient } from "@effect/sql-libsql"
import { PgClient } from "@effect/sql-pg"
import { Layer, Redacted } from "effect"
import type { CredentialStore } from "effect-adobe-pass"
import { FileStore } from "effect-adobe-pass-node"
import { Redis, RedisStore } from "effect-adobe-pass-redis"
import { SqlStore } from "effect-adobe-pass-sql"
import { decisions } from "./contender.js"
import { ours } from "./contenders/ours.js"
import { targetOf } from "./target.js"

const [, , kind = "", where = "", baseUrl = ""] = process.argv

const stores: Readonly<Record<string, () => Layer.Layer<CredentialStore.CredentialStore, unknown>>> = {
  files: () => FileStore.layer({ directory: where }),
  SQLite: () => Layer.provide(SqlStore.layer(), LibsqlClient.layer({ url: `file:${where}` })),
  PostgreSQL: () =>
    Layer.provide(
      SqlStore.layer({ table: "effect_adobe_pass_benchmark_processes" }),
      PgClient.layer({ url: Redacted.make(where) })
    ),
  Redis: () =>
    Layer.provide(
      RedisStore.layer({ prefix: "effect-adobe-pass-benchmark-processes:" }),
      Redis.layer({ url: Redacted.make(where) })
    )
}

const store = stores[kind]
if (store === undefined) throw new Error(`no store ${kind}`)
const client = await ours({ store: store(), unthrottled: true }).open(targetOf(baseUrl))
console.log("ready")
await once(process.stdin, "data")
const outcome = await client.call(decisions).then(String, String)
console.log(outcome)
await client.close()
process.exit(0)
