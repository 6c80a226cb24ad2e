import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"
import { type Secret, searcher, withoutJwtHeader } from "../support/secrets.js"
import { describeWith } from "../support/servers.js"
import { startGateway } from "./gatewaySupport.js"
import { emulator, environmentOf } from "./support.js"

const cli = useCli()

const programOf = (name: string): string => fileURLToPath(new URL(`gateway/${name}`, import.meta.url))

const missing = (...programs: ReadonlyArray<string>): string | undefined => {
  const lacking = programs.filter((program) => spawnSync(program, ["--version"]).error !== undefined)
  return lacking.length === 0 ? undefined : `${lacking.join(" and ")} not found`
}

/** A program that runs, and what it says line by line. */
const run = (program: string, args: ReadonlyArray<string>, cwd: string) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() =>
        spawn(program, args, { cwd, env: { PATH: process.env["PATH"] ?? "", HOME: cwd, LANG: "C.UTF-8" } })
      ),
      (child) => Effect.sync(() => void child.kill("SIGKILL"))
    ),
    (child) => {
      let output = ""
      const closed = new Promise<number | null>((resolve) => child.once("close", resolve))
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (text) => {
          output += text
        })
      }
      return {
        child,
        output: () => output,
        ended: Effect.promise(() => closed),
        /** Waits for a line; the empty match when it ends without. */
        says: (wanted: RegExp) =>
          Effect.async<ReadonlyArray<string>>((resume) => {
            const look = () => {
              const found = wanted.exec(output)
              if (found !== null) resume(Effect.succeed(found))
            }
            child.stdout.on("data", look)
            child.once("close", () => resume(Effect.succeed(wanted.exec(output) ?? [])))
            look()
          })
      }
    }
  )

/** The command lines and environments of all processes that this user may look at, but for those of the tests. */
const processes = (own: ReadonlyArray<ChildProcess["pid"]>) =>
  Effect.promise(async () => {
    const ids = (await fs.readdir("/proc")).filter((name) => /^\d+$/.test(name))
    const lines = ids.map((id) => fs.readFile(`/proc/${id}/cmdline`, "utf8").catch(() => ""))
    const environments = own.map((id) => fs.readFile(`/proc/${id}/environ`, "utf8"))
    return (await Promise.all([...lines, ...environments])).join("\n")
  })

describeWith(missing("python3", "curl", "jq"))(
  "a program that is not written for Node.js",
  () => {
    it.scopedLive.each([
      ["Python", "python3", "watch.py"],
      ["shell", "sh", "watch.sh"]
    ] as const)(
      "does its whole job in %s over the gateway, and nobody sees a secret",
      ([, interpreter, name]) =>
        Effect.gen(function* () {
          const home = yield* cli.home
          const adobe = yield* Effect.orDie(emulator())
          const env = yield* environmentOf(adobe, home)
          const { running, url } = yield* startGateway(cli, home, env)
          const arguments_ = [url, "the-device-of-nora", "203.0.113.7", "acme-live"]
          const program = yield* run(interpreter, [programOf(name), ...arguments_], yield* cli.home)
          const [, code = ""] = yield* program.says(/^code (\S+) \/api\/v2\/authenticate\/ACME\/\S+$/m)
          assert.notStrictEqual(code, "", program.output())
          // It waits for its person: all processes are there.
          const listed = yield* processes([running.pid, program.child.pid])
          assert.include(listed, name)
          assert.include(listed, "gateway")
          yield* Effect.orDie(adobe.signIn({ code, user: "ned" }))
          program.child.stdin.end("\n")
          assert.strictEqual(yield* program.ended, 0, program.output())
          assert.deepStrictEqual(program.output().trimEnd().split("\n"), [
            "provider NorthCable",
            `code ${code} /api/v2/authenticate/ACME/${code}`,
            "profile regular",
            "decision acme-live permit",
            "decision acme-late-night authorization_denied_by_mvpd",
            "reset"
          ])
          const { management, ...counts } = yield* adobe.counts
          assert.strictEqual(management, 1)
          assert.include(counts, { register: 1, token: 1, api: 5 })
          yield* running.signal("SIGTERM")
          const { stderr, stdout } = yield* running.ended
          const secrets: ReadonlyArray<Secret> = [
            { name: "statement", value: withoutJwtHeader(adobe.softwareStatement) },
            ...(yield* adobe.clients).map((value) => ({ name: "client id", value })),
            ...(yield* adobe.exportState).issued.clients.map(({ secret }) => ({
              name: "client secret",
              value: secret
            })),
            ...(yield* adobe.log).flatMap(({ headers }) => {
              const token = headers["authorization"]?.replace("Bearer ", "")
              return token === undefined ? [] : [{ name: "token", value: withoutJwtHeader(token) }]
            })
          ]
          for (const kind of ["client id", "client secret", "token"]) {
            assert.isTrue(
              secrets.some(({ name }) => name === kind),
              kind
            )
          }
          const find = searcher(secrets)
          const text = yield* Effect.promise(() => fs.readFile(programOf(name), "utf8"))
          assert.deepStrictEqual(find(text), [], "in the program")
          assert.deepStrictEqual(find(program.output()), [], "in its output")
          assert.deepStrictEqual(find(listed), [], "in the list of processes")
          assert.deepStrictEqual(find(stdout + stderr), [], "in the output of the gateway")
          assert.notMatch(text, /authorization|bearer|statement|client_|token/i)
        })
    )
  },
  { concurrent: false }
)
