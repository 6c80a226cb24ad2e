import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { useCli } from "../support/cli.js"
import { seeded } from "../support/seeded.js"
import {
  connect,
  read,
  say,
  statusesOf,
  token,
  valueOf,
  type WireRequest,
  wireAdobe,
  wireSystem
} from "./gateway/wire.js"
import { deviceHeaders } from "./gatewaySupport.js"

const cli = useCli()

const seed = 20_261_126
const runs = 200

/** A request with everything that must not be passed on, and a second request in its body. */
const good = (port: number): string => {
  const body = `mvpd=A&x=GET /api/v2/SMUGGLED HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`
  const headers = [
    `Host: localhost:${port}`,
    ...Object.entries(deviceHeaders("device-1")).map(([name, value]) => `${name}: ${value}`),
    "Authorization: Bearer of-the-caller",
    "Proxy-Authorization: Basic b2YtdGhlLWNhbGxlcg==",
    "X-Gateway-Key: of-the-caller",
    "Cookie: session=of-the-caller",
    "Via: 1.1 of-the-caller",
    "Connection: keep-alive, X-Hop",
    "X-Hop: of-the-caller",
    "Content-Type: application/x-www-form-urlencoded",
    `Content-Length: ${body.length}`
  ]
  return `POST /api/v2/ACME/sessions?x=1&x HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n${body}`
}

const dropped = [
  ...["x-gateway-key", "cookie", "via", "te", "trailer", "upgrade", "keep-alive"],
  ...["expect", "forwarded", "http2-settings"]
]

const pieces = [
  ...[
    "\r\n",
    "\n",
    "\r",
    "\0",
    " ",
    "\t",
    ":",
    ";",
    ",",
    "/",
    "//",
    "/../",
    "%2e%2e/",
    "..;/",
    "%2f",
    "%00",
    "\\",
    "?",
    "#",
    "@"
  ],
  ...[
    "http://localhost:FOREIGN",
    "//127.0.0.1:FOREIGN/",
    "@127.0.0.1:FOREIGN/",
    "\r\n\r\n",
    "0\r\n\r\n",
    "\x0b",
    "\xe4",
    "\xff"
  ],
  ..."Transfer-Encoding: chunked\r\n|Content-Length: 0\r\n|Content-Length: 5\r\n|Host: evil.example\r\n".split(
    "|"
  ),
  ..."Host: 127.0.0.1:FOREIGN\r\n|Authorization: Bearer evil\r\n|X-HTTP-Method-Override: DELETE\r\n".split(
    "|"
  ),
  ..."Connection: Authorization, Host, Content-Length\r\n|Expect: 100-continue\r\n|Upgrade: h2c\r\n".split(
    "|"
  ),
  ..."AP-Device-Identifier: fingerprint ZGV2\r\n|X-Forwarded-For: 1.2.3.4\r\n|X-Forwarded-Host: 127.0.0.1:FOREIGN\r\n".split(
    "|"
  ),
  ..."/o/client/token|/o/client/register|/api/v2/|/esm/|CONNECT |TRACE |HEAD |HTTP/1.0|HTTP/2.0".split("|")
]

/** Changes a request in one to three places. */
const mutated = (text: string, random: () => number): string => {
  const below = (limit: number) => Math.floor(random() * limit)
  let changed = text
  for (let times = 1 + below(3); times > 0; times--) {
    const lines = changed.split("\r\n")
    // Most of what matters stands in the head, and at the beginnings of lines.
    const starts = lines.map((_, index) => lines.slice(0, index).join("\r\n").length + (index === 0 ? 0 : 2))
    const at = random() < 0.5 ? (starts[below(starts.length)] ?? 0) : below(changed.length)
    const piece = pieces[below(pieces.length)] ?? ""
    const [before, after] = [changed.slice(0, at), changed.slice(at)]
    switch (below(6)) {
      case 0:
        changed = before + piece + after
        break
      case 1:
        changed = before + piece + after.slice(piece.length)
        break
      case 2:
        changed = before + after.slice(1 + below(4))
        break
      case 3:
        changed = before + String.fromCharCode(below(256)) + after.slice(1)
        break
      case 4: {
        const line = lines[below(lines.length)] ?? ""
        changed = `${before}${line}\r\n${after}`
        break
      }
      default: {
        const target = `/api/v2${piece}ACME${pieces[below(pieces.length)] ?? ""}x`
        changed = changed.replace(/ \S+ /, ` ${target} `)
      }
    }
  }
  return changed
}

/** Percent-decodes until nothing changes. */
const wholly = (path: string): string => {
  for (let before = path, rounds = 0; rounds < 5; rounds++) {
    const after = before.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    if (after === before) return after
    before = after
  }
  return path
}

/** What is wrong with a request that Adobe Pass has got. */
const wrongs = ({ headers, method, target, ...rest }: WireRequest, port: number): ReadonlyArray<string> => {
  const request = { headers, method, target, ...rest }
  const path = wholly(target.split("?", 1)[0] ?? "")
  const values = headers.map(([, value]) => value)
  return [
    ...(/^\/(?:api\/v2|esm|control|reset-tempass|cmu)\//.test(target) ? [] : ["the family"]),
    ...(/\/\/|\\|[\0-\x20\x7f]|(?:^|\/)\.{1,2}(?:[/;]|$)/.test(path) ? ["the path"] : []),
    ...(valueOf(request, "authorization") === `Bearer ${token}` ? [] : ["the token"]),
    ...(valueOf(request, "host") === `127.0.0.1:${port}` ? [] : ["the host"]),
    ...headers.flatMap(([name]) => (dropped.includes(name) || name.startsWith("proxy-") ? [name] : [])),
    ...(values.some((value) => value.includes("evil") && value.startsWith("Bearer"))
      ? ["a foreign token"]
      : []),
    ...(/^(?:fingerprint [\w+/]+=*|)$/.test(valueOf(request, "ap-device-identifier")) ? [] : ["the device"]),
    ...(["CONNECT", "TRACE"].includes(method) ? [method] : [])
  ]
}

describe("adobe-pass gateway under requests that were changed at random", () => {
  it.scopedLive(`passes on nothing that it must not, and survives (seed ${seed})`, () =>
    Effect.gen(function* () {
      const random = seeded(seed)
      const foreign = yield* wireAdobe()
      const { adobe, port, running } = yield* wireSystem(cli)
      const marker = `GET /esm/marker HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`
      /** Everything that was written before has been read by then. */
      const mark = say(port, marker)
      const lenient: Array<string> = []
      const tally = { passed: 0, refused: 0, silent: 0 }
      for (let run = 0; run < runs; run++) {
        const bytes = mutated(good(port), random).replaceAll("FOREIGN", String(foreign.port))
        const before = adobe.calls.length
        const { closed, received } = yield* Effect.scoped(
          Effect.gen(function* () {
            const client = yield* connect(port)
            client.write(bytes)
            // A request that is not whole is waited for: the client leaves.
            yield* Effect.raceFirst(client.says(/HTTP\/1\.1 (?!100)\d{3}/), Effect.zipRight(mark, mark))
            return { closed: client.closed, received: client.received }
          })
        )
        yield* closed
        yield* mark
        const calls = adobe.calls.slice(before).filter(({ target }) => target !== "/esm/marker")
        const sent = read(bytes).requests
        const isNamed = sent.some(({ headers }) =>
          headers.some(([name, value]) => name === "connection" && /(?:^|[\s,])x-hop(?:$|[\s,])/i.test(value))
        )
        const about = `seed ${seed}, run ${run}: ${JSON.stringify(bytes)}`
        for (const call of calls) {
          assert.deepStrictEqual(wrongs(call, adobe.port), [], about)
          if (isNamed) assert.strictEqual(valueOf(call, "x-hop"), "", about)
        }
        if (calls.length > sent.length) lenient.push(about)
        const statuses = statusesOf(received())
        for (const status of statuses) assert.notStrictEqual(status, 500, about)
        tally[calls.length > 0 ? "passed" : statuses.length > 0 ? "refused" : "silent"]++
      }
      assert.deepStrictEqual(lenient, [], "more was passed on than was sent")
      assert.deepStrictEqual(adobe.broken, [], `seed ${seed}`)
      assert.strictEqual(foreign.connections(), 0)
      assert.isAbove(tally.passed, runs / 20)
      assert.isAbove(tally.refused, runs / 20)
      assert.deepStrictEqual(statusesOf(yield* mark), [200])
      yield* running.signal("SIGTERM")
      const { code, stderr } = yield* running.ended
      assert.strictEqual(code, 0)
      assert.notMatch(stderr, /fault|error/i)
    })
  )
})
