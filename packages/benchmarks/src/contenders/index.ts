/** Everything that is compared. It is loaded only in the process that runs it. */
import { createRequire } from "node:module"
import type { Contender } from "../contender.js"

export interface Entry {
  readonly name: string
  /** On npm; absent where it comes with Node.js. */
  readonly package?: string
  /** What carries its calls. */
  readonly transport: "undici" | "fetch" | "node:http"
  readonly load: () => Promise<Contender>
}

export const library: Entry = {
  name: "effect-adobe-pass",
  package: "effect-adobe-pass",
  transport: "undici",
  load: async () => (await import("./ours.js")).contender
}

/** The library where the service throttles. */
export const pacing: Entry = {
  ...library,
  name: "effect-adobe-pass, pacing",
  load: async () => (await import("./ours.js")).pacing
}

/** The library on a store that counts what it is asked for. */
export const counted: Entry = {
  ...library,
  name: "effect-adobe-pass, counted",
  load: async () => (await import("./ours.js")).counted()
}

/** Calls of REST API v2 that decode nothing. */
export const untyped: Entry = {
  ...library,
  name: "effect-adobe-pass, text",
  load: async () => (await import("./restV2.js")).untyped
}

/** The same, decoded with the schemas of the contract. */
export const decoded: Entry = {
  ...library,
  name: "effect-adobe-pass, decoded",
  load: async () => (await import("./restV2.js")).decoded
}

export const typed: Entry = {
  name: "effect-adobe-pass-rest-v2",
  package: "effect-adobe-pass-rest-v2",
  transport: "undici",
  load: async () => (await import("./restV2.js")).typed
}

/** The floor for anything on Effect. */
export const staticHeaders: Entry = {
  name: "@effect/platform, static headers",
  package: "@effect/platform",
  transport: "undici",
  load: async () => (await import("./ours.js")).staticHeaders
}

export const libraries: ReadonlyArray<Entry> = [
  {
    name: "undici-oidc-interceptor",
    package: "undici-oidc-interceptor",
    transport: "undici",
    load: async () => (await import("./undiciOidcInterceptor.js")).contender
  },
  {
    name: "@azure/core-rest-pipeline",
    package: "@azure/core-rest-pipeline",
    transport: "node:http",
    load: async () => (await import("./azureCoreRestPipeline.js")).contender
  },
  {
    name: "oauth4webapi",
    package: "oauth4webapi",
    transport: "fetch",
    load: async () => (await import("./oauth4webapi.js")).contender
  },
  {
    name: "openid-client",
    package: "openid-client",
    transport: "fetch",
    load: async () => (await import("./openidClient.js")).contender
  },
  {
    name: "google-auth-library",
    package: "google-auth-library",
    transport: "node:http",
    load: async () => (await import("./googleAuthLibrary.js")).contender
  }
]

export const undiciRequest: Entry = {
  name: "undici.request",
  package: "undici",
  transport: "undici",
  load: async () => (await import("./undiciRequest.js")).contender
}

export const peers: ReadonlyArray<Entry> = [
  undiciRequest,
  { name: "fetch", transport: "fetch", load: async () => (await import("./fetch.js")).contender },
  ...libraries
]

export const loaded = (name: string | undefined): Promise<Contender> => {
  const found = [library, pacing, counted, untyped, decoded, typed, staticHeaders, ...peers].find(
    (entry) => entry.name === name
  )
  if (found === undefined) throw new Error(`no contender ${name}`)
  return found.load()
}

const requireFrom = createRequire(import.meta.url)

/** Of what is installed. */
export const versionOf = ({ package: name }: Entry): string => {
  if (name === undefined) return process.version
  const { version }: { readonly version: string } = requireFrom(`${name}/package.json`)
  return version
}
