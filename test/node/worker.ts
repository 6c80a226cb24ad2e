/** A process that uses a file store: `worker <command> <directory>`. It reports on standard output, line by line. */
import { rmSync, writeFileSync, writeSync } from "node:fs"
import * as path from "node:path"
import { Effect, Option, Redacted } from "effect"
import * as ClientCredentials from "effect-adobe-pass/ClientCredentials"
import { CredentialStore } from "effect-adobe-pass/CredentialStore"
import * as FileStore from "effect-adobe-pass-node/FileStore"
import { sharedKey as key, largePair, largePairNumber } from "./records.js"

const [command = "", directory = ""] = process.argv.slice(2)

const say = (line: string) => Effect.sync(() => void writeSync(1, `${line}\n`))

/** Takes the lock and keeps it, whatever happens. */
const hold = Effect.gen(function* () {
  const store = yield* CredentialStore
  yield* store.lock(key)
  yield* say("held")
  return yield* Effect.never
})

/** As `hold`, when there is a record, which is not expected. */
const holdKnown = Effect.gen(function* () {
  const store = yield* CredentialStore
  yield* store.saveCredentials(key, largePair(1))
  return yield* hold
})

/** Takes the lock, and gives it back when told to. */
const holdUntilTold = Effect.gen(function* () {
  const store = yield* CredentialStore
  yield* Effect.scoped(
    Effect.gen(function* () {
      yield* store.lock(key)
      yield* say("held")
      yield* Effect.async<void>((resume) => {
        process.stdin.once("data", () => resume(Effect.void))
      })
    })
  )
  yield* say("released")
})

const inside = path.join(directory, "..", "inside")

/** Twenty fibers that do what a session does when it is cold: under the lock, look, and save a pair if there is none. */
const contend = Effect.gen(function* () {
  const store = yield* CredentialStore
  yield* say("ready")
  yield* Effect.forEach(
    Array.from({ length: 20 }, (_, fiber) => process.pid * 100 + fiber),
    (n) =>
      Effect.scoped(
        Effect.gen(function* () {
          yield* store.lock(key)
          yield* Effect.sync(() => writeFileSync(inside, "", { flag: "wx" }))
          const found = yield* store.load(key)
          if (Option.isNone(found)) yield* say("registered")
          const winner = (yield* store.saveCredentials(key, largePair(n))).credentials
          yield* Effect.sync(() => rmSync(inside))
          yield* say(`pair ${Redacted.value(winner.clientId)}`)
        })
      ),
    { concurrency: "unbounded" }
  )
})

/** Twenty fibers that save without any lock. */
const race = Effect.gen(function* () {
  const store = yield* CredentialStore
  yield* say("ready")
  yield* Effect.forEach(
    Array.from({ length: 20 }, (_, fiber) => largePair(process.pid * 100 + fiber)),
    (credentials) =>
      Effect.gen(function* () {
        const first = (yield* store.saveCredentials(key, credentials)).credentials
        yield* say(`first ${Redacted.value(first.clientId)}`)
      }),
    { concurrency: "unbounded" }
  )
})

/** Replaces the pair that was found by the next number ten times; with others at it, every number is written once. */
const count = Effect.gen(function* () {
  const store = yield* CredentialStore
  yield* say("ready")
  for (let made = 0; made < 10; ) {
    const current = Option.getOrThrow(yield* store.load(key)).credentials
    const larger = largePair(largePairNumber(current) + 1)
    const next = new ClientCredentials.ClientCredentials({
      ...larger,
      clientId: larger.clientId,
      clientSecret: Redacted.make(`${process.pid}`)
    })
    const winner = (yield* store.saveCredentials(key, next, { replaces: current })).credentials
    if (Redacted.value(winner.clientSecret) !== `${process.pid}`) continue
    if (largePairNumber(winner) !== largePairNumber(next)) continue
    made += 1
  }
})

/** Saves the pairs 1, 2, 3 and so on, each in place of the one before, and starts again without a record now and then. */
const write = Effect.gen(function* () {
  const store = yield* CredentialStore
  const found = yield* store.load(key)
  let last = Option.getOrUndefined(found)?.credentials
  yield* say(`start ${last === undefined ? 0 : largePairNumber(last)}`)
  while (true) {
    const next = largePair(last === undefined ? 1 : largePairNumber(last) + 1)
    last = (yield* store.saveCredentials(key, next, { replaces: last })).credentials
    yield* say(`saved ${largePairNumber(last)}`)
  }
})

const commands: Record<string, typeof hold | typeof holdKnown | typeof holdUntilTold | typeof count> = {
  hold,
  holdKnown,
  holdUntilTold,
  contend,
  race,
  count,
  write
}

void Effect.runPromise(
  (commands[command] ?? Effect.die(`no command ${command}`)).pipe(
    Effect.scoped,
    Effect.provide(FileStore.layer({ directory }))
  )
).then(() => process.exit(0))
