/** The steps of the tour in which a person watches television: they sign in, look at a catalogue, play, and sign out. */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { Emulator, type Traffic } from "effect-adobe-pass-emulator"
import { Narration } from "./Narration.js"
import { Person } from "./restV2/Person.js"
import { play } from "./restV2/play.js"
import { showCatalogue } from "./restV2/showCatalogue.js"
import { signInOnSecondScreen } from "./restV2/signInOnSecondScreen.js"
import { signOut as signOutOf } from "./restV2/signOut.js"
import * as Tour from "./Tour.js"

/**
 * Whoever sits at the terminal, with a browser; when nobody comes in time, the emulator signs somebody in. Without
 * `patience` nobody is expected.
 */
export const layerPerson = (
  patience: Duration.Duration | undefined
): Layer.Layer<Person, never, Emulator.Emulator | Narration> =>
  Layer.effect(
    Person,
    Effect.map(Effect.all([Emulator.Emulator, Narration]), ([emulator, narration]) => {
      const signIn = (code: string) =>
        Effect.ignore(emulator.signIn({ code, mvpd: "NorthCable", user: "ned" }))
      const invited = (code: string, until: Duration.Duration) =>
        Effect.gen(function* () {
          yield* narration.note(
            `To do this yourself, open ${emulator.baseUrl}/activate?code=${code} in a browser.`
          )
          yield* narration.note(
            `If nobody does, ned of North Cable signs in after ${Duration.format(until)}.`
          )
          const start = yield* Clock.currentTimeMillis
          const left = Effect.map(Clock.currentTimeMillis, (now) =>
            Math.ceil((start + Duration.toMillis(until) - now) / 1000)
          )
          yield* Effect.sleep(until).pipe(
            narration.whileRunning(
              Effect.map(left, (seconds) => `the device shows ${code}: ${seconds} s left`)
            )
          )
        })
      const alone = (code: string) =>
        Effect.zipRight(
          narration.note(`The device shows ${code}; ned of North Cable signs in with it.`),
          Effect.sleep("1 second")
        )
      return {
        browse: (url) => signIn(url.split("/").at(-1) ?? ""),
        read: (code) =>
          Effect.zipRight(patience === undefined ? alone(code) : invited(code, patience), signIn(code))
      }
    })
  )

const of = (log: ReadonlyArray<Traffic.LoggedRequest>, path: RegExp): number =>
  log.filter((request) => path.test(request.path)).length

export const signIn = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { fact, note } = yield* Narration
  yield* note(
    "The device has no keyboard: it shows a code, and asks every 3 seconds whether somebody has used it."
  )
  const profile = yield* signInOnSecondScreen
  const log = yield* emulator.log
  yield* fact("signed in with", Option.match(profile, { onNone: () => "nobody", onSome: ({ mvpd }) => mvpd }))
  yield* fact(
    "attributes",
    Option.match(profile, {
      onNone: () => "none",
      onSome: ({ attributes }) => Object.keys(attributes).join(", ")
    })
  )
  const polls = of(log, /\/profiles\/code\//)
  return [
    Tour.holds("a person is signed in", Option.isSome(profile), "nobody"),
    Tour.exactly(1, "session", of(log, /\/sessions$/)),
    Tour.holds("the poll has ended with the profile", polls > 0, `${polls} questions`),
    Tour.exactly(0, "configuration request", of(log, /\/configuration$/))
  ]
})

const catalogue = ["acme-live", "acme-news", "acme-kids", "acme-plus", "acme-late-night", "acme-sports"]

/** Who is signed in, as the step before left it. */
const signedIn = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const profiles = yield* emulator.profiles
  return profiles.at(-1)?.mvpd ?? "NorthCable"
})

export const watch = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { fact } = yield* Narration
  const mvpd = yield* signedIn
  const entries = yield* showCatalogue(mvpd, catalogue)
  const open = entries.filter(({ locked }) => locked === undefined)
  for (const { locked, resource } of entries) yield* fact(resource, locked ?? "open")
  const preauthorizations = of(yield* emulator.log, /\/preauthorize\//)
  const [first] = open
  const token = first === undefined ? undefined : yield* play(mvpd, first.resource)
  if (first !== undefined) yield* fact(`play ${first.resource}`, `media token ${token?.serializedToken}`)
  const log = yield* emulator.log
  return [
    Tour.holds("each program has a decision", entries.length === catalogue.length, `${entries.length} have`),
    Tour.holds("6 programs were asked for in 2 lists", preauthorizations === 2, `${preauthorizations}`),
    Tour.holds(
      "what is played is authorized, and comes with a media token",
      first === undefined || (token !== undefined && of(log, /\/authorize\//) === 1),
      "no media token"
    )
  ]
})

export const signOut = Effect.gen(function* () {
  const emulator = yield* Emulator.Emulator
  const { fact, note } = yield* Narration
  const sentences = yield* signOutOf(yield* signedIn, `${emulator.baseUrl}/signed-in`)
  for (const sentence of sentences) yield* fact("to the person", sentence)
  yield* note("The emulator ends with this tour, and its pages with it.")
  const { register } = yield* emulator.counts
  const clients = yield* emulator.clients
  return [
    Tour.holds("the person is told what is left to do", sentences.length > 0, "nothing"),
    Tour.exactly(0, "registration", register),
    Tour.exactly(1, "pair of client credentials", clients.length)
  ]
})
