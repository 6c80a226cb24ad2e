/** The operations of the contract, as far as a router and a reader of bodies need them. */
import { RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"

export interface Operation {
  readonly method: string
  readonly path: RegExp
}

const pattern = (path: string): RegExp => new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`)

const operations: ReadonlyArray<Operation> = Object.values(RestV2Api.groups).flatMap((group) =>
  Object.values(group.endpoints).map(({ method, path }) => ({ method, path: pattern(path) }))
)

/** Adobe's own samples have a trailing slash in places. */
export const withoutTrailingSlash = (path: string): string => path.replace(/\/$/, "")

export const methodsOf = (path: string): ReadonlyArray<string> =>
  operations.filter((operation) => operation.path.test(path)).map(({ method }) => method)

/** The content type that an operation reads: the emulator looks at the body and not at what the request calls it. */
export const contentTypeOf = (path: string): string =>
  /\/decisions\//.test(path) ? "application/json" : "application/x-www-form-urlencoded"
