/**
 * Signing in on a second screen: the device shows a code, and the person enters it on a phone or a computer, where they
 * choose their provider and sign in.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { KnownProfile, ProfileCache, ProfilePoll } from "effect-adobe-pass-rest-v2"
import { Person } from "./Person.js"

const serviceProvider = "ACME"

/**
 * The profile of the device that lasts longest. The poll begins when the code is shown, and ends with the profile or with
 * the code.
 *
 * @since 0.1.0
 * @category programs
 */
export const signInOnSecondScreen = Effect.gen(function* () {
  const cache = yield* ProfileCache.ProfileCache
  const polls = yield* ProfilePoll.ProfilePoll
  const person = yield* Person

  const { code, notAfter } = yield* polls.create({ serviceProvider })
  if (code === undefined) return KnownProfile.select(yield* cache.all({ serviceProvider }))
  const profiles = yield* polls
    .profiles({ serviceProvider, code, notAfter, screen: "second" })
    .pipe(Effect.raceFirst(Effect.zipRight(person.read(code), Effect.never)))
  yield* cache.keep({ serviceProvider, profiles })
  return KnownProfile.select(KnownProfile.fromProfiles(profiles))
})
