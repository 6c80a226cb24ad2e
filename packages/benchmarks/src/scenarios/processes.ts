/** S7: several processes meet the same device for the first time. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import * as os from "node:os"
import * as path from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import type { Scenario } from "../scenario.js"
import { servers } from "../servers.js"
import { standIn } from "../standIn.js"
import { table } from "../statistics.js"

const processes = 4
const script = fileURLToPath(new URL("../processRun.js", import.meta.url))

/** All at once, as soon as all are ready. */
const race = (kind: string, where: string, baseUrl: string) =>
  Effect.promise(async () => {
    const children = Array.from({ length: processes }, () =>
      spawn(process.execPath, [script, kind, where, baseUrl], { stdio: ["pipe", "pipe", "inherit"] })
    )
    const lines = children.map((child) => createInterface(child.stdout)[Symbol.asyncIterator]())
    await Promise.all(lines.map((line) => line.next()))
    for (const child of children) child.stdin.write("go\n")
    const outcomes = await Promise.all(lines.map(async (line) => (await line.next()).value))
    await Promise.all(children.map((child) => (child.exitCode === null ? once(child, "close") : undefined)))
    return outcomes.filter((outcome) => outcome === "200").length
  })

export const processesMeet: Scenario = {
  name: "processes",
  title: "Several processes meet a new device",
  run: Effect.gen(function* () {
    const server = yield* standIn
    const databases = yield* servers
    const directory = yield* Effect.acquireRelease(
      Effect.promise(() => mkdtemp(path.join(os.tmpdir(), "effect-adobe-pass-benchmark-"))),
      (made) => Effect.promise(() => rm(made, { recursive: true, force: true }))
    )
    const places = [
      ["files", path.join(directory, "files")],
      ["SQLite", path.join(directory, "sessions.db")],
      ["PostgreSQL", databases["DATABASE_URL"]],
      ["Redis", databases["REDIS_URL"]]
    ] as const
    const rows = yield* Effect.forEach(places, ([kind, where]) =>
      where === undefined
        ? Effect.succeed([kind, "skipped: there is none", "", ""])
        : Effect.gen(function* () {
            yield* server.control("reset")
            yield* server.control("tokens?mode=ok&delay=50")
            const succeeded = yield* race(kind, where, server.baseUrl)
            const { register, token } = yield* server.counts
            return [kind, `${succeeded} of ${processes}`, `${register}`, `${token}`]
          })
    )
    return table(["Store", "calls that succeeded", "registrations", "token requests"], rows)
  })
}
