/**
 * Signing in on the first screen: the person chooses their provider on the device, and signs in with a browser there.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Match from "effect/Match"
import {
  Configuration,
  ConfigurationCache,
  type KnownProfile,
  MvpdChoice,
  ProfileCache,
  ProfilePoll,
  RestV2
} from "effect-adobe-pass-rest-v2"
import { Person } from "./Person.js"

const serviceProvider = "ACME"

/** What the picker of the device shows, and what becomes of the choice: it outlives the profile. */
const choose = (id: string) =>
  Effect.gen(function* () {
    const { retrieve } = yield* ConfigurationCache.ConfigurationCache
    const choices = yield* MvpdChoice.MvpdChoice
    const mvpd = Configuration.selectable(yield* retrieve({ serviceProvider })).find((mvpd) => mvpd.id === id)
    if (mvpd !== undefined) yield* choices.set({ serviceProvider, mvpd })
  })

/**
 * The profiles of the device, after signing in where that is needed. They are kept, so that the next start of the
 * application asks nobody.
 *
 * @since 0.1.0
 * @category programs
 */
export const signInOnDevice = (mvpd: string, redirectUrl: string) =>
  Effect.gen(function* () {
    const cache = yield* ProfileCache.ProfileCache
    const polls = yield* ProfilePoll.ProfilePoll
    const person = yield* Person
    const { sessions } = yield* RestV2.RestV2

    yield* choose(mvpd)
    const session = yield* polls.create({
      serviceProvider,
      mvpd,
      domainName: "acme.example",
      redirectUrl
    })
    return yield* Match.valueTags(session, {
      Authenticate: ({ code = "", notAfter }) =>
        Effect.gen(function* () {
          const redirected = person.browse(yield* sessions.authenticateUrl({ serviceProvider, code }))
          const profiles = yield* polls.profiles({
            serviceProvider,
            code,
            notAfter,
            screen: "first",
            redirected
          })
          yield* cache.keep({ serviceProvider, profiles })
          return yield* cache.all({ serviceProvider })
        }),
      // Nobody needs to sign in: the profile is there, or comes with the platform, or is temporary.
      Authorize: () => cache.all({ serviceProvider }),
      Resume: () => nobody,
      Retry: () => nobody,
      PartnerProfile: () => nobody,
      UnknownAction: () => nobody
    })
  })

/** With all parameters given, and without a partner, no other answer comes. */
const nobody: Effect.Effect<ReadonlyArray<KnownProfile.KnownProfile>> = Effect.succeed([])
