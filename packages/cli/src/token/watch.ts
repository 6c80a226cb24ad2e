/** `adobe-pass token --watch`: a file that holds a good token at any time. */
import type { PlatformError } from "@effect/platform/Error"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import { type AccessToken, sameToken } from "effect-adobe-pass/AccessToken"
import { isRetryable, type SessionError } from "effect-adobe-pass/AdobePassError"
import type { Device } from "effect-adobe-pass/Device"
import { describe, ExitCode } from "../ExitCode.js"
import * as Output from "../Output.js"
import { at } from "../Time.js"
import type { TokenFile } from "./file.js"
import { type Format, format } from "./format.js"
import * as OnChange from "./onChange.js"
import { renewed } from "./renewed.js"

export interface Watch {
  readonly path: string
  readonly file: TokenFile
  readonly format: Format
  readonly onChange: OnChange.OnChange | undefined
}

/** Pauses after failures double from the first, in milliseconds; the clock is looked at so often in any case. */
const pauses = { first: 1000, longest: 60_000 }

/** The clock may jump, as after a suspension. */
const longestSleep = 30_000

/** Whether to ask again is of any use. What is not understood counts as an outage: it may be a proxy that answers. */
const isFinal = (error: SessionError): boolean =>
  !isRetryable(error) && describe(error).exitCode !== ExitCode.unavailable

const isOfFile = (error: SessionError | PlatformError): error is PlatformError =>
  error._tag === "SystemError" || error._tag === "BadArgument"

const sleepUntil = (moment: number): Effect.Effect<void> =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    now >= moment
      ? Effect.void
      : Effect.zipRight(Effect.sleep(Math.min(moment - now, longestSleep)), sleepUntil(moment))
  )

/** Says what is new: a failure once, however often it comes, and that the file is good (again). */
const announcer = Effect.map(Output.Output, ({ stderr }) => {
  let said: string | undefined
  const say = (state: string, sentence: string) =>
    Effect.suspend(() => {
      if (state === said) return Effect.void
      said = state
      return stderr.line(`adobe-pass: ${sentence}`)
    })
  return {
    good: (path: string, token: AccessToken) =>
      say("good", `${path} holds a token that is good until ${at(token.expiresAt)}.`),
    failing: (error: SessionError | PlatformError) =>
      say(error._tag, `${describe(error).message} The watcher keeps trying.`)
  }
})

/** Runs what `--on-change` asks for, one at a time; changes during a run are followed by one more. */
const changes = ({ onChange, path }: Watch) =>
  Effect.tap(Queue.sliding<void>(1), (changed) =>
    onChange === undefined
      ? Effect.void
      : Effect.forkScoped(Effect.forever(Effect.zipRight(Queue.take(changed), OnChange.tell(onChange, path))))
  )

/** Keeps the file fresh. Ends only when Adobe Pass has refused for good, and after the file is gone. */
export const watch = (watched: Watch, device: Device) =>
  Effect.gen(function* () {
    const { file, path } = watched
    const announce = yield* announcer
    const changed = yield* changes(watched)
    let current: AccessToken | undefined
    let pause = pauses.first

    const nextPause = Effect.map(Random.next, (random) => {
      const millis = pause * (0.75 + random / 2)
      pause = Math.min(2 * pause, pauses.longest)
      return millis
    })

    /** Puts the token into the file if it is another one. */
    const keep = (token: AccessToken) =>
      Effect.gen(function* () {
        if (current !== undefined && sameToken(current, token)) return
        yield* file.write({ text: `${format(watched.format, token)}\n`, until: token.expiresAt })
        current = token
        yield* Queue.offer(changed, undefined)
      })

    /** Asks for a token, and returns when to ask again. */
    const round = Effect.gen(function* () {
      const { failure, refreshAt, token } = yield* renewed(device)
      yield* keep(token)
      const now = yield* Clock.currentTimeMillis
      if (failure !== undefined) {
        yield* announce.failing(failure)
        return Math.min(now + (yield* nextPause), token.expiresAt)
      }
      pause = pauses.first
      yield* announce.good(path, token)
      // It is over when the renewal still runs.
      return refreshAt > now ? refreshAt : now + pauses.first
    })

    const patient = Effect.catchAll(round, (error) =>
      Effect.gen(function* () {
        // A file that could be written once is tried again: a disk that is full gets room.
        const ends = isOfFile(error) ? current === undefined : isFinal(error)
        if (ends) return yield* error
        yield* announce.failing(error)
        return (yield* Clock.currentTimeMillis) + (yield* nextPause)
      })
    )
    return yield* Effect.forever(Effect.flatMap(patient, sleepUntil))
  })
