/** Looks up what a call names in the world, and refuses what is not there. */
import * as Effect from "effect/Effect"
import type { Degradation, Mvpd, Person, ServiceProvider, World } from "../../World.js"
import { Emulated, type Refused, refuse } from "./emulated.js"

export const serviceProviderOf = (id: string): Effect.Effect<ServiceProvider, Refused, Emulated> =>
  Effect.flatMap(Emulated, ({ restV2: { world } }) => {
    const found = world.serviceProviders.find((provider) => provider.id === id)
    return found === undefined ? refuse("invalid_parameter_service_provider") : Effect.succeed(found)
  })

export const findMvpd = (world: World, id: string): Mvpd | undefined =>
  world.mvpds.find((mvpd) => mvpd.id === id)

/** An MVPD that the service provider has integrated. */
export const mvpdOf = (provider: ServiceProvider, id: string): Effect.Effect<Mvpd, Refused, Emulated> =>
  Effect.flatMap(Emulated, ({ restV2: { world } }) => {
    const found = findMvpd(world, id)
    if (found === undefined) return refuse("invalid_parameter_mvpd")
    return provider.mvpds.includes(id) ? Effect.succeed(found) : refuse("invalid_integration")
  })

export const integrated = (world: World, provider: ServiceProvider): ReadonlyArray<Mvpd> =>
  provider.mvpds.flatMap((id) => findMvpd(world, id) ?? [])

export const personOf = (mvpd: Mvpd, user: string): Person | undefined =>
  mvpd.people.find((person) => person.user === user)

export const degradationOf = (world: World, mvpd: string): Degradation | undefined =>
  world.degradations.find((degradation) => degradation.mvpd === mvpd)

const mayRedirectTo = ({ redirectHosts }: ServiceProvider, { hostname, protocol }: URL): boolean =>
  redirectHosts?.some(
    (host) => hostname === host || hostname.endsWith(`.${host}`) || protocol === `${host}:`
  ) ?? true

export const isRedirectUrl = (provider: ServiceProvider, url: string): boolean =>
  URL.canParse(url) && mayRedirectTo(provider, new URL(url))

/** Adobe has no error for a wrong domain: the session asks for it again. */
export const isDomain = ({ domains }: ServiceProvider, name: string): boolean => domains.includes(name)
