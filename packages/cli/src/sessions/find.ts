/** Sessions by what a person writes: a key or its start, or the flags of a device. */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { CredentialStoreError } from "effect-adobe-pass/AdobePassError"
import { CredentialStore } from "effect-adobe-pass/CredentialStore"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as SessionKey from "effect-adobe-pass/SessionKey"
import * as Application from "../Application.js"
import * as Caller from "../Caller.js"
import { type CommandError, type CommandFailed, usage } from "../ExitCode.js"
import * as Output from "../Output.js"
import * as Settings from "../Settings.js"

const isKey = Schema.is(SessionKey.SessionKey)

/** A shorter start would fit many sessions of a large store. */
const isStart = (name: string): boolean => /^[0-9a-f]{4,63}$/.test(name)

/** How many of the keys that fit are told. */
const told = 4

const only = (name: string, fitting: ReadonlyArray<SessionKey.SessionKey>) => {
  const [session, ...others] = fitting
  if (session === undefined)
    return usage(`No stored session starts with ${name}: see "adobe-pass sessions list".`)
  return others.length === 0
    ? Effect.succeed(session)
    : usage(
        `More than one session starts with ${name}: ${fitting.map((key) => key.slice(0, 16)).join(", ")}.`
      )
}

/** The keys that each start fits, from one pass over the store; of many only a few. */
const fitting = (starts: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const store = yield* CredentialStore
    const found = new Map(starts.map((start) => [start, [] as SessionKey.SessionKey[]]))
    yield* Stream.runForEach(store.keys, (key) =>
      Effect.sync(() => {
        for (const [start, keys] of found) if (key.startsWith(start) && keys.length < told) keys.push(key)
      })
    )
    return found
  })

/** The keys of sessions by name: whole keys as they are, and the start of a key where it fits one session only. */
export const byName = (
  names: ReadonlyArray<string>
): Effect.Effect<
  ReadonlyArray<SessionKey.SessionKey>,
  CommandFailed | CredentialStoreError,
  CredentialStore
> =>
  Effect.gen(function* () {
    const wrong = names.find((name) => !isKey(name) && !isStart(name))
    if (wrong !== undefined) {
      return yield* usage(
        `${Output.printable(wrong.slice(0, 80))} is not the key of a session, nor 4 or more hexadecimal digits of its start.`
      )
    }
    const starts = names.filter(isStart)
    const found =
      starts.length === 0 ? new Map<string, Array<SessionKey.SessionKey>>() : yield* fitting(starts)
    const keys = yield* Effect.forEach(names, (name) =>
      isKey(name) ? Effect.succeed(name) : only(name, found.get(name) ?? [])
    )
    return [...new Set(keys)]
  })

/** The key of the device of the settings, or else of the instance: the statement says of which application. */
export const ofCaller = (
  settings: Settings.Settings
): Effect.Effect<SessionKey.SessionKey, CommandError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const id = Settings.get(settings, "device.id")
    const device = yield* id === undefined ? Caller.instance(settings) : Caller.identity(id)
    return yield* SessionKey.make(yield* RegisteredApplication, device)
  }).pipe(
    Effect.provide(Application.layer(settings)),
    Effect.mapError((error) => Settings.explain(settings, error))
  )
