import { spawn, spawnSync } from "node:child_process"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { describeWith } from "../support/servers.js"
import { useWorker, type Worker } from "../support/workers.js"
import { decodeIssued, decodeRegistered } from "./conversation.js"

const start = useWorker(new URL("../../packages/emulator/src/main.ts", import.meta.url))

const command = (...args: ReadonlyArray<string>) => start({ args, keepErrors: true })

const finished = (worker: Worker) =>
  Effect.map(worker.ended, (code) => ({ code, stdout: worker.output(), stderr: worker.errors() }))

/** What a serving command prints before it waits. */
const welcome = (worker: Worker) => Effect.map(worker.says(/Ctrl-C/), worker.output)

const baseUrlIn = (text: string) => /http:\/\/127\.0\.0\.1:\d+/.exec(text)?.[0] ?? ""

/** Runs a printed curl line as a shell would, and reads its JSON. */
const shell = (line: string) =>
  Effect.async<unknown>((resume) => {
    const child = spawn("sh", ["-c", line])
    let output = ""
    child.stdout.on("data", (chunk) => {
      output += chunk
    })
    child.on("close", () => resume(Effect.sync(() => JSON.parse(output))))
  })

describe.concurrent("npm run emulator", () => {
  it.scopedLive.each(["SIGTERM", "SIGINT"] as const)("serves the flow and ends with 0 on %s", (signal) =>
    Effect.gen(function* () {
      const worker = yield* command("--port", "0", "--token-ttl", "90", "--throttle", "off")
      const text = yield* welcome(worker)
      const statement = /^ey\S+$/m.exec(text)?.[0]
      const post = (path: string, body: string | URLSearchParams) =>
        Effect.promise(() => fetch(`${baseUrlIn(text)}${path}`, { method: "POST", body }))
      const registered = yield* post("/o/client/register", JSON.stringify({ software_statement: statement }))
      expect(registered.status).toBe(201)
      const { client_id, client_secret } = decodeRegistered(yield* Effect.promise(() => registered.json()))
      const form = { grant_type: "client_credentials", client_id, client_secret }
      const issued = yield* post("/o/client/token", new URLSearchParams(form))
      expect(yield* Effect.promise(() => issued.json())).toMatchObject({ expires_in: 90 })
      yield* worker.signal(signal)
      expect(yield* finished(worker)).toMatchObject({ code: 0, stderr: "" })
    })
  )

  it.scopedLive("offers no control API with --no-control", () =>
    Effect.gen(function* () {
      const text = yield* welcome(yield* command("--port", "0", "--no-control"))
      expect(text).not.toContain("_emulator")
      const answer = yield* Effect.promise(() => fetch(`${baseUrlIn(text)}/_emulator/counts`))
      expect(answer.status).toBe(404)
    })
  )

  it.scopedLive("explains itself with --help", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* finished(yield* command("--help"))
      expect(code).toBe(0)
      expect(stdout).toMatch(/^Usage: effect-adobe-pass-emulator/)
    })
  )

  it.scopedLive("refuses wrong arguments with a sentence, its usage and exit code 2", () =>
    Effect.gen(function* () {
      const { code, stdout, stderr } = yield* finished(yield* command("--port", "http"))
      expect([code, stdout]).toEqual([2, ""])
      expect(stderr).toMatch(/^--port must be .*, not "http"\.\n\nUsage: effect-adobe-pass-emulator/)
    })
  )

  it.scopedLive("ends with 1 and one sentence when the port is in use", () =>
    Effect.gen(function* () {
      const port = new URL(baseUrlIn(yield* welcome(yield* command("--port", "0")))).port
      expect(yield* finished(yield* command("--port", port))).toEqual({
        code: 1,
        stdout: "",
        stderr: `The emulator cannot listen on 127.0.0.1:${port}: it is in use.\n`
      })
    })
  )
})

const curl = spawnSync("curl", ["--version"]).status === 0 ? undefined : "there is no curl"

describeWith(curl)("npm run emulator, in a shell", () => {
  it.scopedLive("prints four lines that run the whole flow when pasted into a shell", () =>
    Effect.gen(function* () {
      const text = yield* welcome(yield* command("--port", "0"))
      const [registerLine = "", tokenLine = "", callLine = "", sessionLine = ""] = text
        .split("\n")
        .filter((line) => line.startsWith("curl"))
      const credentials = decodeRegistered(yield* shell(registerLine))
      const issued = decodeIssued(
        yield* shell(
          tokenLine
            .replace("CLIENT_ID", credentials.client_id)
            .replace("CLIENT_SECRET", credentials.client_secret)
        )
      )
      const withToken = (line: string) => shell(line.replace("ACCESS_TOKEN", issued.access_token))
      expect(yield* withToken(callLine)).toMatchObject({ requestor: { id: "ACME" } })
      expect(yield* withToken(sessionLine)).toMatchObject({ actionName: "authenticate", mvpd: "NorthCable" })
      expect(yield* shell(`curl -s ${baseUrlIn(text)}/_emulator/counts`)).toMatchObject({ register: 1 })
    })
  )
})
