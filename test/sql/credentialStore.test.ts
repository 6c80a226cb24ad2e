import * as path from "node:path"
import { LibsqlClient } from "@effect/sql-libsql"
import { Effect } from "effect"
import { temporaryDirectory } from "../node/directory.js"
import { sqlContract } from "./contract.js"

sqlContract(
  "SQLite",
  Effect.map(temporaryDirectory, (directory) =>
    LibsqlClient.layer({ url: `file:${path.join(directory, "store.db")}` })
  )
)
