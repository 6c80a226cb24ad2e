/** The operation of the group `configuration`. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import type { Configuration, Mvpd } from "effect-adobe-pass-rest-v2/Configuration"
import { RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"
import type * as World from "../../World.js"
import { answering } from "./answering.js"
import { optionalDevice } from "./caller.js"
import { integrated, serviceProviderOf } from "./catalog.js"
import { Emulated } from "./emulated.js"

const platform = (mvpd: World.Mvpd) =>
  mvpd.platformMappingId === undefined
    ? {}
    : {
        platformMappingId: mvpd.platformMappingId,
        ...(mvpd.boardingStatus === undefined ? {} : { boardingStatus: mvpd.boardingStatus }),
        enablePlatformServices: mvpd.boardingStatus === "SUPPORTED",
        displayInPlatformPicker: true,
        enforcePlatformPermissions: true
      }

const listed = (mvpd: World.Mvpd): Mvpd => ({
  id: mvpd.id,
  displayName: mvpd.displayName,
  ...(mvpd.logoUrl === undefined ? {} : { logoUrl: mvpd.logoUrl }),
  ...(mvpd.tempPass === undefined ? {} : { isTempPass: true }),
  ...(mvpd.proxied ? { isProxy: true } : {}),
  ...platform(mvpd)
})

const configurationOf = (world: World.World, provider: World.ServiceProvider): Configuration => ({
  device: "unknown",
  clientType: "html5",
  os: "Unknown",
  requestor: {
    id: provider.id,
    name: provider.name,
    domains: provider.domains.map((name) => ({ name, mvpdInitiated: false })),
    mvpds: integrated(world, provider).map(listed)
  }
})

export const configurationHandlers = HttpApiBuilder.group(RestV2Api, "configuration", (handlers) =>
  handlers.handle("retrieve", ({ path, request }) =>
    answering(
      Effect.gen(function* () {
        yield* optionalDevice(request)
        const provider = yield* serviceProviderOf(path.serviceProvider)
        const { restV2 } = yield* Emulated
        return configurationOf(restV2.world, provider)
      })
    )
  )
)
