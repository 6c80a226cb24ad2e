/** The APIs that a token may be for, with the scope that each needs. */

export interface Api {
  readonly title: string
  /** One of these is enough. */
  readonly scopes: readonly [string, ...ReadonlyArray<string>]
  /** The host that serves it. */
  readonly host: "sp" | "mgmt"
}

export const apis = {
  "rest-v2": { title: "REST API v2", scopes: ["api:client:v2"], host: "sp" },
  esm: { title: "Entitlement Service Monitoring", scopes: ["analytics:client"], host: "mgmt" },
  degradation: { title: "Degradation", scopes: ["decisions:owner"], host: "mgmt" },
  "reset-tempass": { title: "Reset TempPass", scopes: ["temporary:passes:owner"], host: "mgmt" },
  "proxy-mvpd": { title: "Proxy MVPD", scopes: ["idp:owner"], host: "mgmt" },
  cmu: {
    title: "Concurrency Monitoring Usage",
    scopes: ["cmu:billing:client", "cmu:analytics:client"],
    host: "mgmt"
  }
} as const satisfies { readonly [name: string]: Api }

export type ApiName = keyof typeof apis

export const names: ReadonlyArray<ApiName> = [
  "rest-v2",
  "esm",
  "degradation",
  "reset-tempass",
  "proxy-mvpd",
  "cmu"
]
