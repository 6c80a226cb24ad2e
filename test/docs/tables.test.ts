import { describe, expect, it } from "@effect/vitest"
import { ConfigProvider, Effect, Metric } from "effect"
import * as Core from "effect-adobe-pass"
import {
  AdobePassError,
  CurrentDevice,
  Metrics,
  Options,
  ProtectedClient,
  type RegisteredApplication,
  type SessionState
} from "effect-adobe-pass"
import type * as Setting from "effect-adobe-pass/Setting"
import { FileStore, NodeAdobePass, NodeTransport } from "effect-adobe-pass-node"
import { RedisOptions } from "effect-adobe-pass-redis"
import { SqlOptions } from "effect-adobe-pass-sql"
import { witness } from "../support/secrets.js"
import { device, system } from "../support/system.js"
import { quoted, read, tableRows } from "./sources.js"

const readme = read("README.md")

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
    const rows = tableRows(readme, "Errors")
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

  it("of the README have every option with its variable and its default", () => {
    expect(table("README.md", "Configuration").map((row) => row.slice(0, 3))).toEqual(library)
    expect(table("README.md", "On Node.js").map((row) => row.slice(0, 3))).toEqual(node)
  })

  it("of the README have the variables that are read, and no other", async () => {
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

describe("what can be observed", () => {
  const named = quoted(readme.lines.join("\n").split("## Observability")[1]?.split("\n## ")[0])

  it.effect("has every metric in the table", () =>
    Effect.gen(function* () {
      for (const metric of Object.values(Metrics)) metric.unsafeValue([])
      // Other tests of this process may have labelled metrics, and used the gateway, which has metrics of its own.
      const names = new Set((yield* Metric.snapshot).map(({ metricKey }) => metricKey.name))
      const ofLibrary = [...names].filter((name) => /^adobe_pass_(?!gateway_)/.test(name))
      expect(
        tableRows(readme, "Observability")
          .map(([name]) => plain(name))
          .toSorted()
      ).toEqual(ofLibrary.toSorted())
    })
  )

  it("has every event of a session", () => {
    const events: Record<SessionState.Event["_tag"], true> = {
      Registered: true,
      CredentialsAdopted: true,
      CredentialsReplaced: true,
      RegistrationAbandoned: true,
      RedirectUriChanged: true,
      TokenObtained: true,
      TokenAdopted: true,
      RefreshFailed: true,
      StoreFailed: true,
      Forgotten: true
    }
    expect(named).toEqual(expect.arrayContaining(Object.keys(events)))
  })

  it.effect("has every span", () =>
    Effect.gen(function* () {
      const adobe = yield* ProtectedClient.ProtectedClient
      const { spans } = yield* witness(adobe.get("/api/v2/ACME/configuration"))
      const names = [...new Set(spans.map(({ name }) => name))]
      expect(names.length).toBeGreaterThan(2)
      expect(named).toEqual(expect.arrayContaining(names))
    }).pipe(Effect.provideService(CurrentDevice, device()), Effect.provide(system()))
  )
})

it("the README of the core has every module", () => {
  const named = tableRows(read("packages/core/README.md"), "Modules").flatMap(([modules]) => quoted(modules))
  expect(named.toSorted()).toEqual(
    Object.keys(Core)
      .filter((name) => name !== "CurrentDevice" && name !== "CurrentInstance")
      .toSorted()
  )
})
