import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Metric, MetricKeyType, Predicate } from "effect"
import * as Core from "effect-adobe-pass"
import {
  AdobePassError,
  CurrentDevice,
  Metrics,
  Options,
  ProtectedClient,
  type RegisteredApplication,
  type Sessions
} from "effect-adobe-pass"
import type * as Setting from "effect-adobe-pass/Setting"
import { FileStore, NodeAdobePass, NodeTransport } from "effect-adobe-pass-node"
import { RedisOptions } from "effect-adobe-pass-redis"
import type { PollProgress } from "effect-adobe-pass-rest-v2"
import * as RestV2 from "effect-adobe-pass-rest-v2"
import { SqlOptions } from "effect-adobe-pass-sql"
import { witness } from "../support/secrets.js"
import { device, system } from "../support/system.js"
import { documents, quoted, read, sources, tableRows } from "./sources.js"

const errorsPage = read("docs/reference/errors.md")
const options = read("docs/reference/options.md")
const eventsPage = read("docs/reference/events.md")
const metricsPage = read("docs/reference/metrics.md")

const isErrorClass = (value: unknown): boolean =>
  Predicate.isFunction(value) && value.prototype instanceof Error

const plain = (cell = ""): string => cell.replaceAll("`", "")

describe("the table of errors", () => {
  type Failure = AdobePassError.ProtectedCallError
  type Step<Tag, E extends Failure, Name extends string> = Tag extends E["_tag"] ? `${Name}, ` : ""
  type Answer<E extends Failure> = E["retryable"] extends true
    ? "yes"
    : E["retryable"] extends false
      ? "no"
      : "depends"

  /** Steps and `retryable` of each error. The types compute every value, so a wrong one does not compile. */
  const errors: {
    readonly [Tag in Failure["_tag"]]: `${Step<Tag, AdobePassError.RegistrationError, "register">}${Step<
      Tag,
      AdobePassError.TokenError,
      "token"
    >}call: ${Answer<Extract<Failure, { _tag: Tag }>>}`
  } = {
    InvalidInput: "call: no",
    ForeignOrigin: "call: no",
    InvalidRequest: "register, token, call: no",
    InvalidRedirectUri: "register, call: no",
    InvalidSoftwareStatement: "register, call: no",
    UnapprovedSoftwareStatement: "register, call: no",
    InvalidClient: "token, call: depends",
    UnauthorizedClient: "token, call: no",
    UnsupportedGrantType: "token, call: no",
    Throttled: "register, token, call: yes",
    ServiceUnavailable: "register, token, call: yes",
    TransportError: "register, token, call: yes",
    UnexpectedResponse: "register, token, call: depends",
    CredentialStoreError: "call: depends",
    RequestRejected: "call: no",
    ConfigurationRequired: "call: no",
    ApplicationRegistrationRequired: "call: no",
    AccessTokenRejected: "call: depends",
    InsufficientScope: "call: no",
    AuthenticationRequired: "call: no",
    AuthorizationRequired: "call: no",
    TemporaryFailure: "call: yes"
  }

  it("has each error with its steps, and whether it is retryable", () => {
    const rows = tableRows(errorsPage, "Errors of the library")
    expect(rows.map(([tag, steps, , , retryable]) => [plain(tag), `${steps}: ${retryable}`])).toEqual(
      Object.entries(errors)
    )
    for (const [, , when, what] of rows) expect([when, what]).not.toContain("")
  })

  it("has every class of errors", () => {
    const classes = Object.entries(AdobePassError).flatMap(([name, value]) =>
      "fields" in value ? [name] : []
    )
    expect(classes.toSorted()).toEqual(Object.keys(errors).toSorted())
  })

  it("has every error that REST API v2 adds, with the modules that fail with it", () => {
    const classes = Object.values(RestV2)
      .flatMap((module) => Object.entries(module))
      .flatMap(([name, value]) => (isErrorClass(value) ? [name] : []))
    const rows = tableRows(errorsPage, "Errors of REST API v2")
    expect(rows.map(([tag]) => plain(tag)).toSorted()).toEqual([...new Set(classes)].toSorted())
    expect(Object.keys(RestV2)).toEqual(expect.arrayContaining(rows.flatMap(([, of]) => quoted(of))))
  })
})

describe("the tables of options", () => {
  type Rows = ReadonlyArray<ReadonlyArray<string>>

  const application: {
    readonly [Option in keyof RegisteredApplication.ApplicationOptions]-?: Rows
  } = {
    environment: [
      ["environment", "ADOBE_PASS_ENVIRONMENT", "required"],
      ["environment.sp", "ADOBE_PASS_SP_URL", "by name"],
      ["environment.mgmt", "ADOBE_PASS_MGMT_URL", "sp"]
    ],
    softwareStatement: [["softwareStatement", "ADOBE_PASS_SOFTWARE_STATEMENT", "required"]],
    redirectUri: [["redirectUri", "ADOBE_PASS_REDIRECT_URI", "not sent"]],
    userAgent: [["userAgent", "ADOBE_PASS_USER_AGENT", "effect-adobe-pass"]]
  }

  const columns = (rows: ReadonlyArray<Setting.Row>): Rows =>
    rows.map(({ default: value, option, variable }) => [option, variable, value])

  const library = [...Object.values(application).flat(), ...columns(Options.adobePass.rows("", "ADOBE_PASS"))]
  const node = [
    ["softwareStatement", "ADOBE_PASS_SOFTWARE_STATEMENT_FILE", "not read"],
    ["store", "ADOBE_PASS_STORE_DIRECTORY", "required"],
    ...columns(NodeTransport.options.rows("transport", "ADOBE_PASS_TRANSPORT"))
  ]

  const table = (path: string, heading: string): Rows =>
    tableRows(read(path), heading).map((row) => row.map(plain))

  it("have every option of the library and of Node.js with its variable and its default", () => {
    expect(table(options.path, "Options of the library").map((row) => row.slice(0, 3))).toEqual(library)
    expect(table(options.path, "On Node.js").map((row) => row.slice(0, 3))).toEqual(node)
  })

  it("have every option of encryption with its default", () => {
    expect(table(options.path, "Options of encryption").map((row) => row.slice(0, 2))).toEqual(
      Options.encryption.rows("", "").map(({ default: value, option }) => [option, value])
    )
  })

  it("have the variables that are read, and no other", async () => {
    const asked = new Set<string>()
    const { flattened } = ConfigProvider.fromMap(new Map())
    const empty = ConfigProvider.fromFlat({
      ...flattened,
      load: (path, primitive, split) => {
        asked.add(path.join("_"))
        return flattened.load(path, primitive, split)
      }
    })
    await Effect.runPromiseExit(Effect.withConfigProvider(NodeAdobePass.config, empty))
    expect([...library, ...node].map(([, variable]) => variable).toSorted()).toEqual([...asked].toSorted())
  })

  it.each([
    ["node", "Options of the file store", FileStore.options],
    ["redis", "Options of a connection", RedisOptions.connection],
    ["redis", "Options of the store", RedisOptions.store],
    ["redis", "Options of the throttle", RedisOptions.throttle],
    ["sql", "Options", SqlOptions.store]
  ] as const)("of the package %s have every option with its default: %s", (name, heading, group) => {
    const written = table(`packages/${name}/README.md`, heading).map((row) => row.slice(0, 2))
    const others = written.filter(([option]) => option === "directory" || option === "encryption")
    const options = group.rows("", "").map(({ default: value, option }) => [option, value])
    expect(written.toSorted()).toEqual([...options, ...others].toSorted())
  })
})

const kinds = [
  ["counter", MetricKeyType.isCounterKey],
  ["frequency", MetricKeyType.isFrequencyKey],
  ["gauge", MetricKeyType.isGaugeKey],
  ["histogram", MetricKeyType.isHistogramKey],
  ["summary", MetricKeyType.isSummaryKey]
] as const

describe("the tables of metrics", () => {
  const written = (heading: string) =>
    tableRows(metricsPage, heading).map(([name, kind]) => [plain(name), kind])

  it.effect("have every metric of the library with its kind", () =>
    Effect.gen(function* () {
      for (const metric of Object.values(Metrics)) metric.unsafeValue([])
      // Other tests of this process may have labelled metrics, and used the gateway, which has metrics of its own.
      const metrics = new Map(
        (yield* Metric.snapshot).map(({ metricKey: { keyType, name } }) => [
          name,
          kinds.find(([, is]) => is(keyType))?.[0]
        ])
      )
      const ofLibrary = [...metrics].filter(([name]) => /^adobe_pass_(?!gateway_)/.test(name))
      expect(written("Metrics of the library").toSorted()).toEqual(ofLibrary.toSorted())
    })
  )

  it("have every metric of the gateway with its kind", () => {
    const source = read("packages/cli/src/gateway/activity.ts").lines.join("\n")
    const made = [...source.matchAll(/Metric\.(\w+)\(\s*"(\w+)"/g)].map(([, kind, name]) => [name, kind])
    expect(written("Metrics of the gateway")).toEqual(made)
  })
})

it("the documents name no metric that the tables do not have", () => {
  const known = ["Metrics of the library", "Metrics of the gateway"].flatMap((heading) =>
    tableRows(metricsPage, heading).map(([name]) => plain(name))
  )
  const named = documents
    .filter(({ path }) => path.startsWith("docs/") || path === "README.md")
    .flatMap(({ lines }) => lines.join("\n").match(/\badobe_pass_\w+/g) ?? [])
  expect(
    named.filter((name) => !known.some((metric) => name === metric || name === `${metric}_total`))
  ).toEqual([])
})

describe("the tables of events", () => {
  it("have every warning", () => {
    const rows = tableRows(eventsPage, "Warnings")
    expect(rows.map(([name]) => plain(name))).toEqual(Object.keys(Core.Warnings.messages))
  })

  it("have every event of a session", () => {
    const events: Record<Sessions.SessionEvent["_tag"], true> = {
      Registered: true,
      CredentialsAdopted: true,
      CredentialsReplaced: true,
      RegistrationAbandoned: true,
      RedirectUriChanged: true,
      TokenObtained: true,
      TokenAdopted: true,
      RefreshFailed: true,
      StoreFailed: true,
      Forgotten: true,
      IncidentStarted: true,
      IncidentEnded: true
    }
    const rows = tableRows(eventsPage, "Events of sessions")
    expect(rows.map(([tag]) => plain(tag))).toEqual(Object.keys(events))
  })

  it("have everything that a poll tells", () => {
    const progress: Record<PollProgress.Progress["_tag"], true> = {
      Pending: true,
      Disturbed: true,
      SignedIn: true
    }
    const rows = tableRows(eventsPage, "Progress of a poll")
    expect(rows.map(([tag]) => plain(tag))).toEqual(Object.keys(progress))
  })

  it("have every line that the library logs, with its level and its package", () => {
    const line = /^(?!\s*\*).*Effect\.log(\w+)\(\s*(["`])(.+?)\2/gm
    const logged = sources(["core", "node", "redis", "rest-v2", "sql"]).flatMap(({ path, lines }) =>
      [...lines.join("\n").matchAll(line)].map(([, level, , text]) => [level, text, path.split("/")[1]])
    )
    expect(logged.length).toBeGreaterThan(5)
    const rows = tableRows(eventsPage, "Log lines").map((row) => row.map(plain))
    expect(rows.toSorted()).toEqual(logged.toSorted())
  })
})

describe("the guide to observability", () => {
  it.effect("names every span of a call", () =>
    Effect.gen(function* () {
      const adobe = yield* ProtectedClient.ProtectedClient
      const { spans } = yield* witness(adobe.get("/api/v2/ACME/configuration"))
      const names = [...new Set(spans.map(({ name }) => name))]
      expect(names.length).toBeGreaterThan(2)
      expect(quoted(read("docs/guides/observability.md").lines.join("\n"))).toEqual(
        expect.arrayContaining(names)
      )
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )
})

it("the README of the project is one page", () => {
  expect(read("README.md").lines.length).toBeLessThanOrEqual(181) // the last one is empty
})

it("the README of the core has every module", () => {
  const named = tableRows(read("packages/core/README.md"), "Modules").flatMap(([modules]) => quoted(modules))
  expect(named.toSorted()).toEqual(
    Object.keys(Core)
      .filter((name) => name !== "CurrentDevice" && name !== "CurrentInstance")
      .toSorted()
  )
})
