/** The package has no types; this is as much of it as is used here. */
declare module "undici-oidc-interceptor" {
  import type { Dispatcher } from "undici"

  export function createOidcInterceptor(options: {
    readonly clientId: string
    readonly clientSecret: string
    readonly idpTokenUrl: string
    readonly urls: ReadonlyArray<string>
    readonly retryOnStatusCodes: ReadonlyArray<number>
  }): Dispatcher.DispatcherComposeInterceptor
}
