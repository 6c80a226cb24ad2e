import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import { describe, expect, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Emulator } from "effect-adobe-pass-emulator"
import { seeded } from "../support/seeded.js"
import { send } from "./conversation.js"
import {
  application,
  base64,
  base64Json,
  codeOf,
  deviceHeaders,
  parameters,
  signIn
} from "./restV2Conversation.js"

const segments = [
  "ACME",
  "Zenith",
  "configuration",
  "sessions",
  "profiles",
  "code",
  "sso",
  "Apple",
  "decisions",
  "authorize",
  "preauthorize",
  "logout",
  "authenticate",
  "NorthCable",
  "TempPass_AcmePromo",
  "%E0%A4%A",
  "%2F",
  "%00",
  ".",
  "..",
  "a b",
  "é",
  "__proto__",
  "CODE"
]

const texts = ["", " ", "nonsense", "é€", "%", "{}", "[]", "null", "1", "x".repeat(10_000), "__proto__"]

const bodies = [
  ...texts,
  `{"resources":["acme-live"]}`,
  `{"resources":[null]}`,
  `{"resources":{"length":1}}`,
  `{"__proto__":{"resources":["a"]}}`,
  "mvpd=NorthCable&domainName=acme.example&redirectUrl=https://acme.example",
  "mvpd=a&mvpd=b",
  "mvpd=%E0%A4%A",
  `SAMLResponse=${encodeURIComponent(base64("<Response>"))}`
]

const headerNames = [
  "ap-device-identifier",
  "x-device-info",
  "ap-temppass-identity",
  "ap-partner-framework-status",
  "adobe-subject-token",
  "ad-service-token",
  "ap-visitor-identifier",
  "content-type",
  "accept"
]

const headerValues = [
  ...texts.filter((text) => !/[^\u0020-\u007e]/.test(text)),
  ...texts.map(base64),
  base64Json({ email: 1 }),
  base64Json({ frameworkPermissionInfo: { accessStatus: "granted" }, frameworkProviderInfo: { id: "NCBL" } }),
  "a.b.c",
  `a.${base64("null")}.c`,
  "fingerprint !"
]

describe("whatever is sent", () => {
  it.effect("the emulator answers, and never with a failure of its own", () =>
    Effect.gen(function* () {
      const random = seeded(7)
      const pick = <A>(values: readonly [A, ...ReadonlyArray<A>] | ReadonlyArray<A>): A => {
        const value = values[Math.floor(random() * values.length)]
        if (value === undefined) throw new Error("nothing to pick from")
        return value
      }
      const app = yield* application()
      yield* signIn(app)
      const code = codeOf(yield* app.form("ACME/sessions", { ...parameters, mvpd: "SouthFiber" }))
      const paths = [
        "ACME/configuration",
        "ACME/sessions",
        `ACME/sessions/${code}`,
        "ACME/profiles",
        "ACME/profiles/NorthCable",
        `ACME/profiles/code/${code}`,
        "ACME/profiles/sso/Apple",
        "ACME/sessions/sso/Apple",
        "ACME/decisions/authorize/NorthCable",
        "ACME/decisions/preauthorize/TempPass_AcmePromo",
        "ACME/logout/EastDish",
        `authenticate/ACME/${code}`
      ]
      const statuses = new Map<number, number>()
      for (let n = 0; n < 1000; n += 1) {
        const path =
          random() < 0.6
            ? pick(paths)
            : Array.from({ length: 1 + Math.floor(random() * 5) }, () => pick(segments)).join("/")
        const url = `/api/v2/${path.replace("CODE", code)}${random() < 0.2 ? `?${pick(bodies)}` : ""}`
        const isPost = random() < 0.6
        const request = isPost
          ? HttpClientRequest.bodyText(HttpClientRequest.post(url), pick(bodies))
          : HttpClientRequest.get(url)
        const odd = random() < 0.5 ? { [pick(headerNames)]: pick(headerValues) } : {}
        const { status, text } = yield* request.pipe(
          HttpClientRequest.bearerToken(app.accessToken),
          HttpClientRequest.setHeaders({ ...deviceHeaders("device-1"), ...odd }),
          send
        )
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        if (status === 500) throw new Error(`${url}: ${text}`)
      }
      for (const status of [200, 400, 404, 405]) expect([...statuses.keys()]).toContain(status)
    }).pipe(Effect.provide(Emulator.layer({ throttle: "off" })))
  )
})
