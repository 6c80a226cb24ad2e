import { gunzipSync } from "node:zlib"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema, TestClock } from "effect"
import { Emulator, Fault, World } from "effect-adobe-pass-emulator"
import { seeded } from "../support/seeded.js"
import { authorize, type Headers, send } from "./conversation.js"

const scopes = ["api:client:v2", "analytics:client"]

/** The 15th of May 2026, 12:34 UTC: half past four in the morning at Adobe. */
const now = Date.UTC(2026, 4, 15, 12, 34)

const emulated = Layer.merge(
  Layer.effectDiscard(TestClock.setTime(now)),
  Emulator.layer({ throttle: "off", scopes })
)

const Link = Schema.Struct({ href: Schema.String, name: Schema.optional(Schema.String) })

const Report = Schema.Struct({
  _links: Schema.Struct({
    self: Link,
    "roll-up": Schema.optional(Link),
    "drill-down": Schema.optional(Schema.Union(Link, Schema.Array(Link)))
  }),
  report: Schema.Array(Schema.Record({ key: Schema.String, value: Schema.String }))
})

type Report = typeof Report.Type

const get = (token: string, path: string, headers: Headers = {}) =>
  HttpClientRequest.get(path).pipe(
    HttpClientRequest.bearerToken(token),
    HttpClientRequest.setHeaders(headers),
    send
  )

const reportAt = (token: string, path: string) =>
  Effect.flatMap(get(token, path), ({ status, text }) => {
    assert.strictEqual(status, 200, `${path}: ${text}`)
    return Schema.decodeUnknown(Schema.parseJson(Report))(text)
  })

/** Links as a list, whatever their number. */
const drillDowns = ({ _links }: Report): ReadonlyArray<typeof Link.Type> => {
  const links = _links["drill-down"]
  return links === undefined ? [] : "href" in links ? [links] : links
}

const token = Effect.map(authorize, ({ accessToken }) => accessToken)

const sum = ({ report }: Report, metric: string): number =>
  report.reduce((total, record) => total + Number(record[metric]), 0)

const valuesOf = ({ report }: Report, name: string): ReadonlyArray<string> =>
  [...new Set(report.map((record) => record[name] ?? ""))].sort()

const period = "start=2026-05-01&end=2026-05-04&limit=100000"

describe("the tree of Entitlement Service Monitoring", () => {
  const seed = 20_260_515

  it.effect(`has a report behind every link, whose sums are those of the report above (seed ${seed})`, () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const random = seeded(seed)
      for (let walk = 0; walk < 25; walk++) {
        let above = yield* reportAt(accessToken, `/esm/v3/year?${period}`)
        let isBelowEvent: boolean = false
        let way = "/esm/v3/year"
        for (let links = drillDowns(above); links.length > 0; links = drillDowns(above)) {
          const link = links[Math.floor(random() * links.length)]
          if (link === undefined) return assert.fail("no link")
          const below = yield* reportAt(accessToken, `${link.href}?${period}`)
          assert.strictEqual(link.href, `${way}/${link.name}`)
          assert.strictEqual(below._links["roll-up"]?.href, way)
          way = link.href
          const wasBelowEvent: boolean = isBelowEvent
          isBelowEvent ||= link.name === "event"
          const metric = isBelowEvent ? "count" : "authz-attempts"
          if (wasBelowEvent === isBelowEvent) {
            assert.isAbove(sum(below, metric), 0, way)
            assert.strictEqual(sum(below, metric), sum(above, metric), way)
          }
          above = below
        }
      }
    }).pipe(Effect.provide(emulated))
  )

  it.effect("counts each record of a report in the records below it", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const days = yield* reportAt(accessToken, `/esm/v3/year/month/day/requestor-id?${period}`)
      const below = yield* reportAt(accessToken, `/esm/v3/year/month/day/requestor-id/proxy/mvpd?${period}`)
      assert.isAbove(below.report.length, days.report.length)
      for (const record of days.report) {
        const parts = below.report.filter(
          ({ day, "requestor-id": requestor }) =>
            day === record["day"] && requestor === record["requestor-id"]
        )
        const total = parts.reduce((all, part) => all + Number(part["media-tokens"]), 0)
        assert.strictEqual(total, Number(record["media-tokens"]))
      }
    }).pipe(Effect.provide(emulated))
  )

  it.effect("begins with the year or with the media company, which is then not repeated", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const root = yield* reportAt(accessToken, "/esm/v3")
      assert.strictEqual(root.report.length, 1)
      assert.isUndefined(root._links["roll-up"])
      assert.deepStrictEqual(root._links["drill-down"], [
        { href: "/esm/v3/year", name: "year" },
        { href: "/esm/v3/media-company", name: "media-company" }
      ])
      const companies = yield* reportAt(accessToken, "/esm/v3/media-company")
      assert.deepStrictEqual(valuesOf(companies, "media-company"), ["ACME", "Zenith"])
      assert.deepStrictEqual(companies._links["drill-down"], {
        href: "/esm/v3/media-company/year",
        name: "year"
      })
      const days = yield* reportAt(accessToken, "/esm/v3/media-company/year/month/day")
      assert.notInclude(
        drillDowns(days).map(({ name }) => name),
        "media-company"
      )
      assert.include(
        drillDowns(yield* reportAt(accessToken, "/esm/v3/year/month/day")).map(({ name }) => name),
        "media-company"
      )
    }).pipe(Effect.provide(emulated))
  )

  it.effect("has the paths of Adobe's diagrams", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      for (const path of [
        "day/media-company/proxy/mvpd/requestor-id/platform/nsdk/nsdk-version/sso-type/dc",
        "day/media-company/requestor-id/cdt/platform-version/dc",
        "day/media-company/requestor-id/platform/nsdk/nsdk-version/dc",
        "day/proxy/mvpd/media-company/requestor-id/eap/platform/nsdk/nsdk-version/dc",
        "day/requestor-id/application-software-id/dc",
        "day/requestor-id/platform/application-name/application-version/api/dc",
        "day/event/media-company/requestor-id/proxy/mvpd/arch/dc",
        "day/hour/media-company/proxy/mvpd/requestor-id/customer-app/application-name/application-version/channel/dc",
        "day/hour/media-company/requestor-id/cdt/sso-type/dc",
        "day/hour/platform/nsdk/nsdk-version/dc",
        "day/hour/minute/media-company/proxy/mvpd/requestor-id/cdt/platform-version/dc",
        "day/hour/minute/proxy/mvpd/media-company/requestor-id/customer-app/channel/dc",
        "day/hour/minute/event/media-company/requestor-id/proxy/mvpd/reason/dc"
      ]) {
        yield* reportAt(accessToken, `/esm/v3/year/month/${path}?limit=1`)
        const shorter = path.replace("media-company/", "")
        yield* reportAt(accessToken, `/esm/v3/media-company/year/month/${shorter}?limit=1`)
      }
    }).pipe(Effect.provide(emulated))
  )

  it.effect("answers 404 to a combination that it has not", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      for (const path of [
        "month",
        "year/day",
        "year/month/day/mvpd",
        "media-company/year/month/day/media-company",
        "mvpd",
        "x"
      ]) {
        assert.strictEqual((yield* get(accessToken, `/esm/v3/${path}`)).status, 404, path)
      }
    }).pipe(Effect.provide(emulated))
  )

  it.effect("shows what is implied in the link to itself: a month until now, a thousand records", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const { _links } = yield* reportAt(accessToken, "/esm/v3/year/month?mvpd!=SouthFiber&format=json")
      assert.strictEqual(
        _links.self.href,
        "/esm/v3/year/month?start=2026-04-15T04:34:00&end=2026-05-15T04:34:00&limit=1000&mvpd!=SouthFiber"
      )
    }).pipe(Effect.provide(emulated))
  )
})

describe("the query of Entitlement Service Monitoring", () => {
  const mvpds = (query: string) =>
    Effect.gen(function* () {
      const report = yield* reportAt(yield* token, `/esm/v3/media-company/year?${query}`)
      return valuesOf(report, "mvpd")
    })

  it.effect("filters by equality, by lists and by their opposites", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* mvpds("mvpd&mvpd=NorthCable"), ["NorthCable"])
      assert.deepStrictEqual(yield* mvpds("mvpd&mvpd=NorthCable&mvpd=EastDish"), ["EastDish", "NorthCable"])
      const all = yield* mvpds("mvpd")
      assert.includeMembers([...all], ["NorthCable", "SouthFiber", "TempPass_Acme10"])
      assert.deepStrictEqual(
        yield* mvpds("mvpd&mvpd!=NorthCable&mvpd!=SouthFiber"),
        all.filter((mvpd) => mvpd !== "NorthCable" && mvpd !== "SouthFiber")
      )
      assert.deepStrictEqual(yield* mvpds("mvpd&mvpd="), [])
    }).pipe(Effect.provide(emulated))
  )

  it.effect("adds a dimension without a value to the report, and one with a value not", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const added = yield* reportAt(accessToken, "/esm/v3/media-company/year?requestor-id")
      assert.deepStrictEqual(valuesOf(added, "requestor-id"), ["ACME", "Zenith"])
      const filtered = yield* reportAt(accessToken, "/esm/v3/year?requestor-id=Zenith")
      assert.notProperty(filtered.report[0], "requestor-id")
      assert.strictEqual(
        sum(filtered, "authn-attempts"),
        sum(
          { ...added, report: added.report.filter((record) => record["requestor-id"] === "Zenith") },
          "authn-attempts"
        )
      )
    }).pipe(Effect.provide(emulated))
  )

  it.effect.each([
    ["start=2026-05-01&end=2026-05-03", ["1", "2"]],
    ["start=2026-05&end=2026-05-03T00:00", ["1", "2"]],
    ["start=2026-05-01T12&end=2026-05-02T12:00:00", ["1", "2"]],
    // Eight hours behind UTC.
    ["start=2026-05-02T08:00:00Z&end=2026-05-02T20:00:00%2B02:00", ["2"]],
    [`start=2026-05-02&end=${Date.UTC(2026, 4, 2, 20)}`, ["2"]]
  ] as const)("takes the period %s", ([query, days]) =>
    Effect.gen(function* () {
      const report = yield* reportAt(yield* token, `/esm/v3/year/month/day?${query}`)
      assert.sameOrderedMembers([...valuesOf(report, "day")], [...days])
    }).pipe(Effect.provide(emulated))
  )

  it.effect("ends with the last full hour", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const report = yield* reportAt(accessToken, "/esm/v3/year/month/day/hour?start=2026-05-15&end=2027")
      assert.deepStrictEqual(valuesOf(report, "hour"), ["0", "1", "2", "3"])
      const { headers } = yield* get(accessToken, "/esm/v3/year")
      assert.strictEqual(headers["last-modified"], "Fri, 15 May 2026 12:00:00 GMT")
    }).pipe(Effect.provide(emulated))
  )

  it.effect("limits the records, and chooses the metrics", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const days = "/esm/v3/year/month/day"
      assert.strictEqual((yield* reportAt(accessToken, `${days}?limit=3`)).report.length, 3)
      const { report } = yield* reportAt(accessToken, `${days}?limit=1&metrics=media-tokens,count`)
      assert.sameMembers(Object.keys(report[0] ?? {}), ["year", "month", "day", "media-tokens", "count"])
      assert.property((yield* reportAt(accessToken, `${days}/dc`)).report[0], "unique-accounts")
      assert.notProperty((yield* reportAt(accessToken, days)).report[0], "unique-accounts")
    }).pipe(Effect.provide(emulated))
  )

  it.effect.each([
    ["year?start=yesterday", "start: yesterday"],
    ["year?start=2026-13", "start: 2026-13"],
    ["year?start=2026-02-30", "start: 2026-02-30"],
    ["year?end=noon", "end: noon"],
    ["year?start=2026-05-02&end=2026-05-01", "before"],
    ["year?limit=many", "limit: many"],
    ["year?colour=red", "Unknown filter: colour"],
    ["year?toString", "Unknown filter: toString"],
    ["year?month=5", "time dimension month"],
    ["year?metrics=laughs", "Unknown metric: laughs"],
    ["year/month/day/hour/minute/requestor-id/platform/dc?start=2025-01-01", "Too much data"]
  ] as const)("explains in plain text what is wrong with %s", ([path, explanation]) =>
    Effect.gen(function* () {
      const { headers, status, text } = yield* get(yield* token, `/esm/v3/${path}`)
      assert.strictEqual(status, 400)
      assert.match(headers["content-type"] ?? "", /^text\/plain/)
      assert.include(text, explanation)
    }).pipe(Effect.provide(emulated))
  )
})

describe("an answer of Entitlement Service Monitoring", () => {
  it.effect.each([
    ["/esm/v3/year", {}, "application/json"],
    ["/esm/v3/year", { accept: "*/*" }, "application/json"],
    ["/esm/v3/year", { accept: "text/csv, application/json" }, "text/csv"],
    ["/esm/v3/year", { accept: "application/xml;q=0.9" }, "application/xml"],
    ["/esm/v3/year", { accept: "text/html" }, "text/html"],
    ["/esm/v3/year?format=xml", { accept: "text/csv" }, "application/xml"],
    ["/esm/v3/year.csv?format=xml", { accept: "text/html" }, "text/csv"],
    ["/esm/v3.html", {}, "text/html"]
  ] as const)("of %s with %j is %s", ([path, headers, type]) =>
    Effect.gen(function* () {
      const answer = yield* get(yield* token, path, headers)
      assert.strictEqual(answer.status, 200)
      assert.strictEqual(answer.headers["content-type"]?.split(";")[0], type)
    }).pipe(Effect.provide(emulated))
  )

  it.effect("is 406 for a format that there is not", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      assert.strictEqual((yield* get(accessToken, "/esm/v3/year.pdf")).status, 406)
      assert.strictEqual((yield* get(accessToken, "/esm/v3/year?format=yaml")).status, 406)
      assert.strictEqual((yield* get(accessToken, "/esm/v3/year", { accept: "image/png" })).status, 406)
    }).pipe(Effect.provide(emulated))
  )

  it.effect("has the same records in JSON, CSV and XML, whatever characters are in them", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const path = "/esm/v3/year/month/day/requestor-id/application-name"
      const query = "?start=2026-05-01&end=2026-05-02&metrics=media-tokens&requestor-id=ACME"
      const { report } = yield* reportAt(accessToken, path + query)
      const rows = report.map((record) =>
        ["year", "month", "day", "requestor-id", "application-name", "media-tokens"].map(
          (name) => record[name] ?? ""
        )
      )
      assert.include(rows.flat(), 'Big "Screen", TV & Radio')
      const csv = yield* get(accessToken, `${path}.csv${query}`)
      assert.strictEqual(
        csv.headers["content-disposition"],
        'attachment; filename="report__2026-05-01_2026-05-02_1000.csv"'
      )
      assert.strictEqual(
        csv.text,
        [
          "year,month,day,requestor-id,application-name,media-tokens",
          ...rows.map((row) =>
            row.map((cell) => (cell.startsWith("Big") ? '"Big ""Screen"", TV & Radio"' : cell)).join(",")
          ),
          ""
        ].join("\n")
      )
      const xml = yield* get(accessToken, `${path}.xml${query}`)
      assert.include(xml.text, 'application-name="Big &quot;Screen&quot;, TV &amp; Radio"')
      assert.strictEqual(xml.text.match(/<record /g)?.length, rows.length)
      assert.match(
        xml.text,
        /^<resource href="[^"]+"><links><link rel="roll-up" href="[^"]+"\/><link rel="drill-down"/
      )
    }).pipe(Effect.provide(emulated))
  )

  it.effect("needs a token with the scope analytics:client, in the header or in the query, and GET", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const statusOf = (request: HttpClientRequest.HttpClientRequest) =>
        Effect.map(send(request), ({ status }) => status)
      assert.strictEqual(yield* statusOf(HttpClientRequest.get("/esm/v3/year")), 401)
      assert.strictEqual((yield* get("not.a.token", "/esm/v3/year")).status, 401)
      const inQuery = yield* send(HttpClientRequest.get(`/esm/v3/year?access_token=${accessToken}`))
      assert.strictEqual(inQuery.status, 200)
      assert.notInclude(inQuery.text, accessToken)
      for (const method of ["POST", "DELETE", "PUT"] as const) {
        const request = HttpClientRequest.make(method)("/esm/v3/year")
        assert.strictEqual(yield* statusOf(HttpClientRequest.bearerToken(request, accessToken)), 405)
      }
      const emulator = yield* Emulator.Emulator
      yield* emulator.revokeAllClients
      assert.strictEqual((yield* get(accessToken, "/esm/v3/year")).status, 401)
    }).pipe(Effect.provide(emulated))
  )

  it.effect("is 403 for a token of another scope", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* get(yield* token, "/esm/v3/year")).status, 403)
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )

  it.effect("belongs to the route of the management APIs, for counts and for faults", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const accessToken = yield* token
      yield* emulator.fail({ route: "management", fault: Fault.answer(503) })
      assert.strictEqual((yield* get(accessToken, "/esm/v3.json?limit=1")).status, 503)
      assert.strictEqual((yield* get(accessToken, "/esm/v3.json?limit=1")).status, 200)
      assert.strictEqual((yield* emulator.counts).management, 2)
      assert.strictEqual((yield* get(accessToken, "/esm/v30")).status, 404)
      assert.strictEqual((yield* emulator.counts).other, 1)
    }).pipe(Effect.provide(emulated))
  )

  it.effect("is empty in a world where nothing can happen", () =>
    Effect.gen(function* () {
      const accessToken = yield* token
      const emulator = yield* Emulator.Emulator
      yield* emulator.setWorld(
        World.make({
          serviceProviders: [{ id: "Lone", name: "Lone", domains: ["lone.example"], mvpds: [] }],
          mvpds: []
        })
      )
      assert.deepStrictEqual((yield* reportAt(accessToken, "/esm/v3/year")).report, [])
    }).pipe(Effect.provide(emulated))
  )
})

describe("an answer of Entitlement Service Monitoring on a port", () => {
  it.scopedLive("is compressed for whoever accepts gzip", () =>
    Effect.gen(function* () {
      const emulator = yield* Emulator.Emulator
      const post = (path: string, init: RequestInit) =>
        Effect.promise(async () => {
          const response = await fetch(emulator.baseUrl + path, { method: "POST", ...init })
          return (await response.json()) as Readonly<Record<string, string>>
        })
      const client = yield* post("/o/client/register", {
        body: JSON.stringify({ software_statement: emulator.softwareStatement })
      })
      const { access_token } = yield* post("/o/client/token", {
        body: new URLSearchParams({ ...client, grant_type: "client_credentials" })
      })
      const { request } = yield* Effect.promise(() => import("node:http"))
      const fetched = (encoding: string) =>
        Effect.async<{ readonly encoding: string | undefined; readonly body: Buffer }>((resume) => {
          request(
            `${emulator.baseUrl}/esm/v3/year/month/day?end=2026-05-04&start=2026-05-01`,
            { headers: { authorization: `Bearer ${access_token}`, "accept-encoding": encoding } },
            (response) => {
              const chunks: Array<Buffer> = []
              response.on("data", (chunk: Buffer) => chunks.push(chunk))
              response.on("end", () =>
                resume(
                  Effect.succeed({
                    encoding: response.headers["content-encoding"],
                    body: Buffer.concat(chunks)
                  })
                )
              )
            }
          ).end()
        })
      const plain = yield* fetched("identity")
      const compressed = yield* fetched("gzip, deflate")
      assert.deepStrictEqual([plain.encoding, compressed.encoding], [undefined, "gzip"])
      assert.isBelow(compressed.body.length, plain.body.length)
      assert.strictEqual(gunzipSync(compressed.body).toString(), plain.body.toString())
    }).pipe(Effect.provide(Emulator.layerServer({ throttle: "off", scopes })))
  )
})
