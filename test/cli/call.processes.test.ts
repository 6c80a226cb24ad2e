import { execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs/promises"
import { createServer, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Fault } from "effect-adobe-pass-emulator"
import { useCli } from "../support/cli.js"
import { emulator, environmentOf } from "./support.js"
import { deviceInfo, leaks, read } from "./tokenSupport.js"

const cli = useCli()

const deviceId = "the-television-of-nora"

const world = (options?: Parameters<typeof emulator>[0]) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* emulator(options)
    const env = yield* environmentOf(adobe, home)
    const device = ["--device", deviceId, "--device-info", yield* deviceInfo(home)]
    const call = (args: ReadonlyArray<string>, stdin?: string | Uint8Array) =>
      cli.run(home, ["call", ...args], stdin === undefined ? { env } : { env, stdin })
    return { adobe, call, device, env, home }
  })

const configuration = "/api/v2/ACME/configuration"
const session = "mvpd=NorthCable&domainName=acme.example&redirectUrl=http%3A%2F%2Flocalhost%2Fx"

describe("adobe-pass call", () => {
  it.scopedLive(
    "writes the body and nothing else, the same in a terminal, and head and body with --include",
    () =>
      Effect.gen(function* () {
        const { call, env, home } = yield* world()
        const { code, stderr, stdout } = yield* call(["get", configuration])
        assert.deepStrictEqual({ code, stderr }, { code: 0, stderr: "" })
        assert.strictEqual(JSON.parse(stdout).requestor.id, "ACME")
        const terminal = yield* cli.terminal(home, ["call", "GET", configuration], { env })
        const shown = yield* terminal.ended
        assert.deepStrictEqual(shown, { code: 0, screen: `${stdout.trim()}\r\n` })
        const included = yield* call(["GET", configuration, "--include"])
        assert.match(
          included.stdout,
          /^HTTP\/1\.1 200 OK\n(?:[\w-]+: .*\n)+content-type: application\/json.*\n/
        )
        assert.isTrue(included.stdout.endsWith(`\n\n${stdout}`))
        const file = path.join(home, "configuration.json")
        assert.strictEqual((yield* call(["GET", configuration, "--output", file])).stdout, "")
        assert.strictEqual(yield* read(file), stdout)
      })
  )

  it.scopedLive("sends bodies, headers and queries as they are written", () =>
    Effect.gen(function* () {
      const { adobe, call, device, home } = yield* world({ restV2: "echo" })
      const query = "mvpd!=A&mvpd!=B&requestor-id&x=a%20b&empty="
      const answer = yield* call([
        ...["POST", `/api/v2/ACME/echo?${query}`, "--query", "y!=1", "--query", "key", ...device],
        ...["-H", "X-One: a: b", "--header", "x-two:2", "--data", '{"a": "ü"}']
      ])
      assert.strictEqual(answer.code, 0, answer.stderr)
      const last = Effect.map(adobe.log, (log) => log.findLast(({ route }) => route !== "token"))
      const sent = yield* last
      assert.strictEqual(sent?.query, `${query}&y!=1&key`)
      assert.include(sent?.headers, { "x-one": "a: b", "x-two": "2" })
      assert.strictEqual(sent?.headers["content-type"], "application/json;charset=utf-8")
      assert.strictEqual(sent?.body, '{"a": "ü"}')
      const file = path.join(home, "body")
      yield* Effect.promise(() => fs.writeFile(file, session))
      yield* call(["post", "/api/v2/ACME/echo", ...device, "--data", `@${file}`])
      assert.strictEqual((yield* last)?.body, session)
      assert.strictEqual((yield* last)?.headers["content-type"], "application/x-www-form-urlencoded")
      yield* call(["put", "/api/v2/ACME/echo", ...device, "-d", "@-", "--content-type", "text/csv"], "a,b\n")
      assert.strictEqual((yield* last)?.body, "a,b\n")
      assert.strictEqual((yield* last)?.headers["content-type"], "text/csv")
      const long = "x".repeat(3 * 1_048_576)
      yield* call(["post", "/api/v2/ACME/echo", ...device, "-d", "@-", "--content-type", "text/csv"], long)
      assert.strictEqual((yield* last)?.body.length, long.length)
    })
  )

  it.scopedLive("refuses a wrong command line before it sends anything", () =>
    Effect.gen(function* () {
      const { adobe, call } = yield* world()
      const wrong = [
        ["FETCH", configuration],
        ["GET", "api/v2"],
        ["GET", "https://adobe.example/api/v2"],
        ["GET", "//adobe.example/api/v2"],
        ["GET", configuration, "--header", "no colon"],
        ["GET", configuration, "--header", "Authorization: Bearer x"],
        ["GET", configuration, "--data", "x"],
        ["GET", configuration, "--nothing"]
      ]
      for (const args of wrong) {
        const { code, stderr, stdout } = yield* call(args)
        assert.deepStrictEqual({ code, stdout }, { code: 2, stdout: "" }, args.join(" "))
        assert.match(stderr, /^adobe-pass: [^\n]+\n$/)
      }
      const { api, other } = yield* adobe.counts
      assert.deepStrictEqual({ api, other }, { api: 0, other: 0 })
    })
  )

  it.scopedLive("writes the body of a refusal, says what to do, and ends with 4, 5 or 6", () =>
    Effect.gen(function* () {
      const { adobe, call, device } = yield* world()
      const withoutDevice = yield* call(["POST", "/api/v2/ACME/sessions", "--data", session])
      assert.strictEqual(withoutDevice.code, 4)
      assert.strictEqual(JSON.parse(withoutDevice.stdout).code, "invalid_header_device_identifier")
      assert.match(withoutDevice.stderr, /name it with --device\.\n$/)
      const signedOut = ["POST", "/api/v2/ACME/decisions/authorize/NorthCable", "-d", '{"resources":["a"]}']
      const refused = yield* call([...signedOut, ...device])
      assert.strictEqual(refused.code, 4)
      const { trace } = JSON.parse(refused.stdout)
      assert.match(refused.stderr, /The user has to log in again/)
      assert.include(refused.stderr, trace)
      const wait = { "retry-after": "3600" }
      yield* adobe.fail({ route: "api", fault: Fault.answer(429, { headers: wait, body: "slower" }) })
      const throttled = yield* call(["GET", configuration])
      assert.deepStrictEqual([throttled.code, throttled.stdout], [5, "slower"])
      yield* adobe.fail({ route: "api", fault: Fault.answer(503, { body: "later" }), times: 9 })
      const failed = yield* call(["GET", configuration])
      assert.deepStrictEqual([failed.code, failed.stdout], [6, "later"])
      yield* adobe.clearFaults
      yield* adobe.fail({ route: "api", fault: Fault.reset(), times: 9 })
      const broken = yield* call(["GET", configuration])
      assert.deepStrictEqual([broken.code, broken.stdout], [6, ""])
      for (const { stderr } of [withoutDevice, refused, throttled, failed, broken]) {
        assert.match(stderr, /^adobe-pass: [^\n]+\n$/)
      }
    })
  )

  it.scopedLive("sends a POST once when its answer is lost, and again with --repeatable", () =>
    Effect.gen(function* () {
      const { adobe, call, device } = yield* world()
      const post = ["POST", "/api/v2/ACME/sessions", "--data", session, ...device]
      yield* adobe.fail({ route: "api", fault: Fault.reset("after-handling") })
      assert.strictEqual((yield* call(post)).code, 6)
      assert.strictEqual((yield* adobe.counts).api, 1)
      yield* adobe.fail({ route: "api", fault: Fault.reset("after-handling") })
      assert.strictEqual((yield* call([...post, "--repeatable"])).code, 0)
      assert.strictEqual((yield* adobe.counts).api, 3)
    })
  )

  it.scopedLive("explains what it does without a secret, also in the process list", () =>
    Effect.gen(function* () {
      const { adobe, call, device, env, home } = yield* world()
      const explained = ["GET", configuration, "--explain", ...device]
      const first = yield* call(explained)
      yield* adobe.expireTokens
      const second = yield* call(explained)
      yield* adobe.fail({ route: "api", fault: Fault.answer(429, { headers: { "retry-after": "1" } }) })
      const third = yield* call(explained)
      const said = ({ stderr }: { readonly stderr: string }) =>
        stderr
          .replaceAll(/\d+\.\d+ s/g, "N s")
          .trim()
          .split("\n")
      assert.sameMembers(said(first), [
        "adobe-pass: POST /o/client/register: answered 201 after N s",
        "adobe-pass: registered with Adobe Pass",
        "adobe-pass: POST /o/client/token: answered 201 after N s",
        "adobe-pass: got a token, because there was none",
        "adobe-pass: the call: answered 200 after N s"
      ])
      // A token that is only seconds old is tried again before another one is asked for.
      assert.sameMembers(
        [...new Set(said(second))].filter((line) => !line.includes("call again: answered 401")),
        [
          "adobe-pass: took the token from the store",
          "adobe-pass: the call: answered 401 after N s",
          "adobe-pass: POST /o/client/token: answered 201 after N s",
          "adobe-pass: got a token, because the one before was refused",
          "adobe-pass: the call again: answered 200 after N s"
        ]
      )
      assert.includeMembers(said(third), [
        "adobe-pass: the call: answered 429 after N s",
        "adobe-pass: Adobe Pass asks for a pause of N s",
        "adobe-pass: the call again: answered 200 after N s"
      ])
      const hurried = yield* cli.run(home, ["call", ...explained, "--instance", "other"], {
        env: { ...env, ADOBE_PASS_THROTTLE_BURST: "0", ADOBE_PASS_STORE_DIRECTORY: path.join(home, "other") }
      })
      assert.include(said(hurried), "adobe-pass: waited N s for its turn")
      yield* adobe.fail({ route: "api", fault: Fault.hang() })
      const running = yield* cli.start(home, ["call", "GET", configuration, "--explain"], { env })
      yield* running.says(/token/)
      const processes = execFileSync("ps", ["-eo", "args"], { encoding: "utf8" })
      const texts = [first, second, third, hurried].flatMap(({ stderr, stdout }) => [stderr, stdout])
      assert.deepStrictEqual(yield* leaks(adobe, [processes, ...texts, running.stderr()]), [])
      const ofDevice = [{ name: "device", value: deviceId }]
      assert.deepStrictEqual(yield* leaks(adobe, texts, ofDevice), [])
    })
  )
})

const gibibyte = 2 ** 30
const piece = Buffer.alloc(65_536, "x")

/** A server with the endpoints of tokens whose one report is a gibibyte long; how much of it was sent. */
const longReport = Effect.acquireRelease(
  Effect.promise(async () => {
    const progress = { sent: 0, whenSlow: () => {} }
    const send = (response: ServerResponse) => {
      while (progress.sent < gibibyte) {
        progress.sent += piece.byteLength
        if (!response.write(piece)) {
          progress.whenSlow()
          return response.once("drain", () => send(response))
        }
      }
      return response.end()
    }
    const server = createServer((request, response) => {
      request.resume()
      const answer = (body: unknown) =>
        response.writeHead(201, { "content-type": "application/json" }).end(JSON.stringify(body))
      switch (request.url) {
        case "/o/client/register":
          return answer({ client_id: "an-id", client_secret: "a-secret", client_id_issued_at: 1 })
        case "/o/client/token":
          return answer({ access_token: "a-token", expires_in: 3600, token_type: "bearer" })
        default:
          response.writeHead(200, { "content-type": "text/csv" })
          return send(response)
      }
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    return { server, progress, baseUrl: `http://127.0.0.1:${port}` }
  }),
  ({ server }) =>
    Effect.async<void>((resume) => {
      server.close(() => resume(Effect.void))
      server.closeAllConnections()
    })
)

/** The most memory that a process has used, in bytes. Only Linux tells. */
const peakMemory = async (pid: number): Promise<number> => {
  const status = await fs.readFile(`/proc/${pid}/status`, "utf8")
  return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1]) * 1024
}

describe.runIf(process.platform === "linux")("a body of one gibibyte", () => {
  it.scopedLive("goes through adobe-pass call in flat memory, and waits for a slow reader", () =>
    Effect.gen(function* () {
      const { adobe, env, home } = yield* world()
      const { baseUrl, progress } = yield* longReport
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, [cli.script(), "call", "GET", "/esm/v3/media-company/year.csv"], {
            env: { PATH: process.env["PATH"], HOME: home, ...env, ADOBE_PASS_SP_URL: baseUrl },
            stdio: ["ignore", "pipe", "inherit"]
          })
        ),
        (child) => Effect.sync(() => void child.kill("SIGKILL"))
      )
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve))
      // Nobody reads, until the server cannot send any more.
      yield* Effect.async<void>((resume) => {
        progress.whenSlow = () => resume(Effect.void)
      })
      const before = yield* Effect.promise(() => peakMemory(child.pid ?? 0))
      let received = 0
      let peak = before
      yield* Effect.promise(async () => {
        for await (const bytes of child.stdout) {
          assert.isBelow(progress.sent - received, 64 * 1_048_576)
          received += bytes.length
          if (received > gibibyte - 1_048_576) peak = Math.max(peak, await peakMemory(child.pid ?? 0))
        }
      })
      assert.strictEqual(received, gibibyte)
      assert.strictEqual(yield* Effect.promise(() => ended), 0)
      assert.isBelow(peak - before, 96 * 1_048_576)
      assert.strictEqual((yield* adobe.counts).token, 0)
    })
  )
})
