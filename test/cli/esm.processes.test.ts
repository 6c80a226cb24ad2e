import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Fault } from "effect-adobe-pass-emulator"
import { useCli } from "../support/cli.js"
import { searcher, withoutJwtHeader } from "../support/secrets.js"
import { emulator, environmentOf } from "./support.js"

const cli = useCli()

const analytics = { throttle: "off", scopes: ["analytics:client"] } as const

const system = (options: Parameters<typeof emulator>[0] = analytics) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* emulator(options)
    const env = yield* environmentOf(adobe, home)
    return {
      adobe,
      run: (...args: ReadonlyArray<string>) => cli.run(home, ["esm", ...args], { env }),
      terminal: (...args: ReadonlyArray<string>) => cli.terminal(home, ["esm", ...args], { env })
    }
  })

/** The reports that were asked for: path and query. */
const asked = ({ log }: Effect.Effect.Success<ReturnType<typeof emulator>>) =>
  Effect.map(log, (requests) =>
    requests.filter(({ route }) => route === "management").map(({ path, query }) => `${path}?${query}`)
  )

const year = new Date().getUTCFullYear()
const january = ["--start", `${year - 1}-01-01`, "--end", `${year - 1}-01-03`] as const

describe("adobe-pass esm", () => {
  it.scopedLive(
    "writes CSV as it came when there is no terminal, and sends filters as they are written",
    () =>
      Effect.gen(function* () {
        const { adobe, run } = yield* system()
        const { code, stderr, stdout } = yield* run(
          "year/month/day",
          ...january,
          "--metrics",
          "media-tokens",
          "--filter",
          "mvpd!=NorthCable",
          "--filter",
          "mvpd"
        )
        assert.strictEqual(code, 0, stderr)
        assert.strictEqual(stderr, "")
        assert.match(stdout, /^year,month,day,mvpd,media-tokens\n/)
        assert.match(stdout, new RegExp(`^${year - 1},1,2,SouthFiber,\\d+$`, "m"))
        assert.notInclude(stdout, "NorthCable")
        assert.deepStrictEqual(yield* asked(adobe), [
          `/esm/v3/year/month/day?start=${year - 1}-01-01&end=${year - 1}-01-03&metrics=media-tokens&mvpd!=NorthCable&mvpd&format=csv`
        ])
        const [report] = (yield* adobe.log).filter(({ route }) => route === "management")
        assert.strictEqual(report?.headers["accept-encoding"], "gzip, deflate")
        assert.notProperty(report?.headers, "ap-device-identifier")
      })
  )

  it.scopedLive("draws a table in a terminal, with what fits into it", () =>
    Effect.gen(function* () {
      const { terminal } = yield* system()
      const { code, screen } = yield* (yield* terminal("/esm/v3/year/month?mvpd", ...january)).ended
      assert.strictEqual(code, 0, screen)
      const lines = screen.split("\r\n")
      assert.match(lines[0] ?? "", /year {2}month {2}mvpd +authn-attempts {2}authn-successful/)
      assert.match(screen, new RegExp(`${year - 1}  1 {6}EastDish +\\d+`))
      assert.match(
        screen,
        new RegExp(
          `\\d records of ${year - 1}-01-01T00:00:00 to ${year - 1}-01-03T00:00:00 \\(Pacific time, UTC-8\\), counted at 20.*Z\\.`
        )
      )
      assert.match(screen, /Not shown for lack of room: .*media-tokens\./)
      for (const line of lines.slice(0, 5)) assert.isAtMost(line.replace(/\u001b\[[\d;]*m/g, "").length, 120)
    })
  )

  it.scopedLive("writes the whole answer as JSON", () =>
    Effect.gen(function* () {
      const { run } = yield* system()
      const { code, stdout } = yield* run("--json", "year", ...january)
      assert.strictEqual(code, 0)
      const { _links, report } = JSON.parse(stdout)
      assert.strictEqual(_links["drill-down"].name, "month")
      assert.strictEqual(report[0].year, String(year - 1))
      assert.deepStrictEqual((yield* run("--format", "json", "year", ...january)).stdout, stdout)
      assert.strictEqual((yield* run("--json", "--format", "csv", "year")).code, 2)
    })
  )

  it.scopedLive("follows links by name, and adds the query at their end", () =>
    Effect.gen(function* () {
      const { adobe, run } = yield* system()
      const found = yield* run(
        "media-company/year",
        "--drill-down",
        "month/day",
        "--drill-down",
        "proxy",
        "--limit",
        "2",
        "--filter",
        "mvpd!=NorthCable"
      )
      assert.strictEqual(found.code, 0, found.stderr)
      assert.match(found.stdout, /^media-company,year,month,day,proxy,/)
      assert.deepStrictEqual(yield* asked(adobe), [
        "/esm/v3/media-company/year?limit=1&format=json",
        "/esm/v3/media-company/year/month?limit=1&format=json",
        "/esm/v3/media-company/year/month/day?limit=1&format=json",
        "/esm/v3/media-company/year/month/day/proxy?limit=2&mvpd!=NorthCable&format=csv"
      ])
      assert.match(found.stderr, /as many records as its limit allows \(2\), so it may be cut/)
      const lost = yield* run("year", "--drill-down", "month/mvpd")
      assert.strictEqual(lost.code, 2)
      assert.strictEqual(lost.stdout, "")
      assert.match(lost.stderr, /\/esm\/v3\/year\/month cannot be drilled down to mvpd: there are day\./)
    })
  )

  it.scopedLive("does not follow a link to another host", () =>
    Effect.gen(function* () {
      const { adobe, run } = yield* system()
      yield* adobe.fail({
        route: "management",
        fault: Fault.json(200, {
          _links: { "drill-down": { name: "month", href: "https://elsewhere.example/esm/v3/year/month" } },
          report: []
        })
      })
      const { code, stderr } = yield* run("year", "--drill-down", "month")
      assert.strictEqual(code, 6)
      assert.match(stderr, /leads away from the reports/)
      assert.strictEqual((yield* asked(adobe)).length, 1)
    })
  )

  it.scopedLive("shows where one can go", () =>
    Effect.gen(function* () {
      const { run } = yield* system()
      const { code, stdout } = yield* run("--links", "year/month")
      assert.strictEqual(code, 0)
      assert.strictEqual(
        stdout,
        "drill-down  day                     /esm/v3/year/month/day\nroll-up                             /esm/v3/year\n"
      )
      const root = JSON.parse((yield* run("--links", "--json", "/")).stdout)
      assert.deepStrictEqual(root, {
        drill_down: [
          { name: "year", href: "/esm/v3/year" },
          { name: "media-company", href: "/esm/v3/media-company" }
        ],
        roll_up: null
      })
    })
  )

  it.scopedLive("passes on what Adobe Pass says of a request that it cannot answer", () =>
    Effect.gen(function* () {
      const { run } = yield* system()
      const filter = yield* run("year", "--filter", "colour=red")
      assert.strictEqual(filter.code, 4)
      assert.strictEqual(
        filter.stderr,
        "adobe-pass: Adobe Pass cannot make this report (400): Unknown filter: colour\n"
      )
      const path = yield* run("year/month/mvpd")
      assert.strictEqual(path.code, 4)
      assert.match(
        path.stderr,
        /no report at \/esm\/v3\/year\/month\/mvpd \(404\): .*adobe-pass esm --links year\/month /
      )
      assert.strictEqual(filter.stdout + path.stdout, "")
    })
  )

  it.scopedLive("says which scope a registered application lacks, and names the allow-list", () =>
    Effect.gen(function* () {
      const { run } = yield* system({ throttle: "off", scopes: ["api:client:v2"] })
      const { code, stderr } = yield* run("year")
      assert.strictEqual(code, 4)
      assert.match(stderr, /\(403\).*analytics:client.*allow-list; this token has api:client:v2\./)
    })
  )

  it.scopedLive("says the same of a token that is refused all the time", () =>
    Effect.gen(function* () {
      const { adobe, run } = yield* system()
      yield* adobe.fail({ route: "management", fault: Fault.answer(401), times: Number.POSITIVE_INFINITY })
      const { code, stderr } = yield* run("year")
      assert.strictEqual(code, 4)
      assert.match(stderr, /fresh access token \(401\).*analytics:client.*allow-list/)
    })
  )

  it.scopedLive("takes a report in CSV that is too long for JSON", () =>
    Effect.gen(function* () {
      const { adobe, run } = yield* system()
      const rows = `${"1".repeat(99)}\n`.repeat(100_000)
      yield* adobe.fail({ route: "management", fault: Fault.answer(200, { body: `"${rows}"` }) })
      const json = yield* run("--json", "year")
      assert.strictEqual(json.code, 4, json.stderr)
      assert.match(json.stderr, /longer than 8 MiB: take --format csv/)
      yield* adobe.fail({ route: "management", fault: Fault.answer(200, { body: `head\n${rows}` }) })
      const csv = yield* run("year", "--limit", "100000")
      assert.strictEqual(csv.code, 0, csv.stderr)
      assert.isTrue(csv.stdout === `head\n${rows}`)
      assert.match(csv.stderr, /\(100000\)/)
    })
  )

  it.scopedLive("fails when reports break off", () =>
    Effect.gen(function* () {
      const { adobe, run } = yield* system()
      yield* adobe.fail({ route: "management", fault: Fault.truncate, times: Number.POSITIVE_INFINITY })
      const { code, stderr, stdout } = yield* run("year/month/day/dc", ...january)
      assert.strictEqual(code, 6, stderr)
      assert.match(stderr, /^adobe-pass: The protected call lost the connection/)
      assert.strictEqual(stdout, "")
    })
  )

  it.scopedLive("shows a terminal nothing of an answer that it would obey", () =>
    Effect.gen(function* () {
      const { adobe, terminal } = yield* system()
      const evil = "\u001b]0;owned\u0007\u001b[2J"
      const json = {
        report: [{ year: evil, [`m${evil}`]: evil }],
        _links: { "drill-down": { href: `/${evil}` } }
      }
      const answers = [
        [["year"], Fault.json(200, json)],
        [["--json", "year"], Fault.json(200, json)],
        [["--links", "year"], Fault.json(200, json)],
        [["--format", "csv", "year"], Fault.answer(200, { body: `year\n${evil}\n` })],
        [["year"], Fault.answer(400, { headers: { "content-type": "text/plain" }, body: evil })]
      ] as const
      for (const [args, fault] of answers) {
        yield* adobe.fail({ route: "management", fault })
        const { screen } = yield* (yield* terminal(...args)).ended
        assert.include(screen, "owned", args.join(" "))
        assert.notInclude(screen, "\u001b]")
        assert.notInclude(screen, "\u0007")
        assert.notInclude(screen, "\u001b[2J")
      }
    })
  )

  it.scopedLive("writes no secret, whatever happens", () =>
    Effect.gen(function* () {
      const { adobe, run } = yield* system()
      const outputs = [
        yield* run("year"),
        yield* run("--format", "table", "year"),
        yield* run("--json", "year"),
        yield* run("year/mvpd"),
        yield* run("year", "--filter", "colour=red")
      ]
      const sent = yield* adobe.log
      const bearers = sent.flatMap(({ headers }) => headers["authorization"]?.slice("Bearer ".length) ?? [])
      const credentials = sent
        .filter(({ route }) => route === "token")
        .flatMap(({ body }) => new URLSearchParams(body).get("client_secret") ?? [])
      assert.isAbove(bearers.length, 4)
      assert.strictEqual(credentials.length, 1)
      const find = searcher([
        { name: "statement", value: withoutJwtHeader(adobe.softwareStatement) },
        ...bearers.map((value) => ({ name: "token", value: withoutJwtHeader(value) })),
        ...credentials.map((value) => ({ name: "client secret", value }))
      ])
      for (const { stderr, stdout } of outputs) assert.deepStrictEqual(find(stdout + stderr), [])
    })
  )
})
