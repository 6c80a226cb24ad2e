import { spawn } from "node:child_process"
import { once } from "node:events"
import { watch as watchDirectory } from "node:fs"
import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, Option, Random, Schedule } from "effect"
import { Fault } from "effect-adobe-pass-emulator"
import { useCli } from "../support/cli.js"
import { kills } from "../support/kills.js"
import { emulator, environmentOf } from "./support.js"
import { leaks, namesIn } from "./tokenSupport.js"

const cli = useCli()

/** An emulator whose tokens live for seconds and which nothing is throttled by, and a home with a place for the file. */
const world = (tokenTtl: Duration.DurationInput) =>
  Effect.gen(function* () {
    const home = yield* cli.home
    const adobe = yield* emulator({ tokenTtl, rate: 1000, burst: 1000 })
    const env = yield* environmentOf(adobe, home)
    const directory = path.join(home, "run")
    yield* Effect.promise(() => fs.mkdir(directory))
    const file = path.join(directory, "token.json")
    const watch = (...flags: ReadonlyArray<string>) =>
      cli.start(home, ["token", "--watch", file, "--format", "json", ...flags], { env })
    return { adobe, directory, env, file, home, watch }
  })

/** Looks at what an emulator has counted until it is as wanted. */
const watched = <A>(look: Effect.Effect<A>, wanted: (value: A) => boolean) =>
  Effect.repeat(look, { until: wanted, schedule: Schedule.spaced("20 millis") })

const holds = /token\.json holds a token that is good until/

interface Found {
  readonly token: string
  readonly expiresAt: number
}

/** What the file holds. It is whole and nobody else can read it, or it is not there. */
const found = (file: string): Effect.Effect<Option.Option<Found>> =>
  Effect.promise(async () => {
    const handle = await fs.open(file, "r").catch((error) => {
      assert.strictEqual(error.code, "ENOENT")
    })
    if (handle === undefined) return Option.none()
    try {
      assert.strictEqual((await handle.stat()).mode & 0o777, 0o600)
      const text = await handle.readFile("utf8")
      assert.isTrue(text.endsWith("}\n"), text)
      const { access_token: token, expires_at: expires } = JSON.parse(text)
      assert.match(token, /^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
      return Option.some({ token, expiresAt: Date.parse(expires) })
    } finally {
      await handle.close()
    }
  })

/** Waits until a watcher writes into a temporary file in the directory. */
const writes = (directory: string): Effect.Effect<void> =>
  Effect.async((resume) => {
    const watcher = watchDirectory(directory, (_, name) => {
      if (name?.startsWith(".token.json.") === true) resume(Effect.void)
    })
    return Effect.sync(() => watcher.close())
  })

/** Kills the watcher of one file again and again; how often it had written, and what it left beside the file. */
const killWatchers = (times: number, seed: string) =>
  Effect.gen(function* () {
    const random = Random.make(seed)
    const { directory, file, watch } = yield* world("1 second")
    let written = 0
    let unfinished = 0
    for (let kill = 0; kill < times; kill++) {
      yield* Effect.scoped(
        Effect.gen(function* () {
          const moment = kill % 3
          const first = yield* Effect.fork(writes(directory))
          yield* Effect.yieldNow()
          const startedAt = yield* Clock.currentTimeMillis
          const watcher = yield* watch()
          // At its start, while it writes the first file, or while it writes a later one.
          if (moment === 1) yield* Fiber.join(first)
          if (moment === 2) {
            yield* watcher.says(holds)
            written += 1
            // The file of the process before has been replaced or removed by now.
            Option.map(yield* found(file), ({ expiresAt }) => assert.isAbove(expiresAt, startedAt))
            yield* writes(directory)
          }
          const span = moment === 0 ? 400_000 : 3000
          yield* Effect.sleep(Duration.micros(BigInt(yield* random.nextIntBetween(0, span))))
          yield* watcher.signal("SIGKILL")
          yield* watcher.ended
          yield* Fiber.interrupt(first)
          yield* found(file)
        })
      )
      const names = (yield* namesIn(directory)).filter((name) => name !== "token.json")
      unfinished += names.length
      assert.isAtMost(names.length, 1, names.join())
    }
    const watcher = yield* watch()
    yield* watcher.says(holds)
    yield* watcher.signal("SIGTERM")
    assert.strictEqual((yield* watcher.ended).code, 0)
    assert.isTrue((yield* namesIn(directory)).every((name) => name === "token.json"))
    return { written, unfinished }
  })

/** Each mostly waits for the next token. */
const lanes = 10

describe("adobe-pass token --watch", () => {
  it.scopedLive(
    `killed ${kills} times at random moments, leaves a whole file, which the next start replaces or removes`,
    () =>
      Effect.gen(function* () {
        const seed = process.env["SEED"] ?? `${yield* Clock.currentTimeMillis}`
        // A process that ends by itself leaves its compiled code to those that are killed.
        const { env, home } = yield* world("1 second")
        yield* cli.run(home, ["token"], { env })
        const killed = yield* Effect.all(
          Array.from({ length: lanes }, (_, lane) => killWatchers(kills / lanes, `${seed}-${lane}`)),
          { concurrency: "unbounded" }
        ).pipe(Effect.tapErrorCause(() => Effect.sync(() => console.error(`SEED=${seed}`))))
        const written = killed.reduce((sum, lane) => sum + lane.written, 0)
        const unfinished = killed.reduce((sum, lane) => sum + lane.unfinished, 0)
        assert.isAbove(written, kills / 5)
        console.log(
          `killed ${kills} times with SEED=${seed}: ${written} had written, ${unfinished} unfinished`
        )
      })
  )

  it.scopedLive("replaces the token before it expires, and leaves a good one when it is asked to end", () =>
    Effect.gen(function* () {
      const { adobe, directory, file, watch } = yield* world("3 seconds")
      const watcher = yield* watch(
        "--on-change",
        'echo "changed $ADOBE_PASS_TOKEN_FILE"; env | grep -c -e STATEMENT= -e eyJ; exit 3'
      )
      yield* watcher.says(holds)
      const first = Option.getOrThrow(yield* found(file))
      yield* watcher.says(/(?:changed [\s\S]*){2}/)
      const second = Option.getOrThrow(yield* found(file))
      assert.isAbove(second.expiresAt, first.expiresAt)
      // No moment was without a good token: the first one was still good when the second came.
      assert.isBelow(second.expiresAt - 3000, first.expiresAt)
      yield* watcher.says(/--on-change failed with exit code 3/)
      yield* watcher.signal("SIGTERM")
      const ended = yield* watcher.ended
      assert.strictEqual(ended.code, 0)
      assert.match(ended.stdout, new RegExp(`^changed ${file}\n0\n`))
      assert.deepStrictEqual(yield* namesIn(directory), ["token.json"])
      assert.isTrue(Option.isSome(yield* found(file)))
      assert.deepStrictEqual(yield* leaks(adobe, [ended.stdout, ended.stderr]), [])
    })
  )

  it.scopedLive(
    "removes an expired token while Adobe Pass is away, says so once, and goes on afterwards",
    () =>
      Effect.gen(function* () {
        const { adobe, file, watch } = yield* world("2 seconds")
        const watcher = yield* watch()
        yield* watcher.says(holds)
        yield* adobe.fail({ route: "token", fault: Fault.answer(503), times: Number.POSITIVE_INFINITY })
        yield* watcher.says(/is removed: it holds no token that is still good/)
        assert.isTrue(Option.isNone(yield* found(file)))
        yield* adobe.clearLog
        yield* watched(adobe.counts, ({ token }) => token > 0)
        yield* adobe.clearFaults
        yield* watcher.says(new RegExp(`${holds.source}[\\s\\S]*${holds.source}`))
        assert.isTrue(Option.isSome(yield* found(file)))
        const said = watcher.stderr().trim().split("\n")
        assert.strictEqual(said.filter((line) => /keeps trying/.test(line)).length, 1, said.join("\n"))
        assert.deepStrictEqual(yield* leaks(adobe, [watcher.stdout(), watcher.stderr()]), [])
      })
  )

  it.scopedLive("goes on when nobody reads any longer what it says", () =>
    Effect.gen(function* () {
      const { adobe, directory, env, file, home } = yield* world("2 seconds")
      const watcher = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, [cli.script(), "token", "--watch", file, "--format", "json"], {
            env: { PATH: process.env["PATH"], HOME: home, ...env },
            stdio: ["ignore", "ignore", "pipe"]
          })
        ),
        (child) => Effect.sync(() => void child.kill("SIGKILL"))
      )
      const ended = once(watcher, "exit")
      yield* Effect.promise(() => once(watcher.stderr, "data"))
      watcher.stderr.destroy()
      yield* adobe.fail({ route: "token", fault: Fault.answer(503), times: Number.POSITIVE_INFINITY })
      yield* watched(found(file), Option.isNone)
      yield* adobe.clearFaults
      yield* watched(found(file), Option.isSome)
      watcher.kill("SIGTERM")
      assert.deepStrictEqual(yield* Effect.promise(() => ended), [0, null])
      assert.deepStrictEqual(yield* namesIn(directory), ["token.json"])
    })
  )

  it.scopedLive("starts beside a directory that has the name of a file that is left over", () =>
    Effect.gen(function* () {
      const { directory, watch } = yield* world("1 hour")
      const name = ".token.json.adobe-pass-999999999-a"
      yield* Effect.promise(() => fs.mkdir(path.join(directory, name)))
      const watcher = yield* watch()
      yield* watcher.says(holds)
      assert.deepStrictEqual(yield* namesIn(directory), [name, "token.json"])
    })
  )

  it.scopedLive("ends with exit code 4 after a final refusal, once the file is gone", () =>
    Effect.gen(function* () {
      const { adobe, directory, watch } = yield* world("2 seconds")
      const watcher = yield* watch()
      yield* watcher.says(holds)
      yield* adobe.revokeStatement()
      const { code, stderr } = yield* watcher.ended
      assert.strictEqual(code, 4, stderr)
      assert.match(stderr, /is removed[\s\S]*adobe-pass: The software statement is not approved/)
      assert.deepStrictEqual(yield* namesIn(directory), [])
    })
  )

  it.scopedLive("removes a file that it finds when it cannot start", () =>
    Effect.gen(function* () {
      const { directory, file, home } = yield* world("1 hour")
      yield* Effect.promise(() => fs.writeFile(file, "a-token-of-long-ago\n"))
      const { code, stderr } = yield* cli.run(home, ["token", "--watch", file])
      assert.strictEqual(code, 3)
      assert.match(stderr, /ADOBE_PASS_ENVIRONMENT must be set/)
      assert.deepStrictEqual(yield* namesIn(directory), [])
    })
  )

  it.scopedLive("sends a signal to the process of a file, and reports that it is gone", () =>
    Effect.gen(function* () {
      const { env, file, home, watch } = yield* world("3 seconds")
      const pidFile = path.join(home, "pid")
      const reader = yield* cli.start(
        home,
        [
          "exec",
          "--",
          "sh",
          "-c",
          `trap 'echo reloaded' HUP; echo $$ > ${pidFile}; echo ready; while [ -f ${pidFile} ]; do sleep 0.1; done`
        ],
        { env }
      )
      yield* reader.says(/ready/)
      const watcher = yield* watch("--signal", "HUP", "--pid-file", pidFile)
      yield* reader.says(/reloaded/)
      yield* Effect.promise(() => fs.writeFile(pidFile, "0\n"))
      yield* watcher.says(/pid does not hold the id of a process/)
      yield* Effect.promise(() => fs.rm(pidFile))
      assert.strictEqual((yield* reader.ended).code, 0)
      assert.isTrue(Option.isSome(yield* found(file)))
    })
  )

  it.scopedLive("shares a file with a second watcher, and neither damages it", () =>
    Effect.gen(function* () {
      const { directory, file, watch } = yield* world("2 seconds")
      const watchers = [
        yield* watch("--on-change", "echo changed"),
        yield* watch("--on-change", "echo changed")
      ]
      const looked = yield* Effect.fork(
        Effect.forever(Effect.zipRight(found(file), Effect.sleep("1 millis")))
      )
      yield* Effect.forEach(watchers, ({ says }) => says(/(?:changed\s+){4}/), { concurrency: 2 })
      assert.isNull(looked.unsafePoll())
      yield* Effect.forEach(watchers, ({ signal }) => signal("SIGINT"))
      const codes = yield* Effect.forEach(watchers, ({ ended }) => Effect.map(ended, ({ code }) => code))
      assert.deepStrictEqual(codes, [0, 0])
      assert.deepStrictEqual(yield* namesIn(directory), ["token.json"])
    })
  )

  it.scopedLive("refuses flags that do not go together, and files that are none of a token", () =>
    Effect.gen(function* () {
      const { directory, env, file, home } = yield* world("1 hour")
      const codeOf = (...args: ReadonlyArray<string>) =>
        Effect.map(cli.run(home, ["token", ...args], { env }), ({ code }) => code)
      assert.strictEqual(yield* codeOf("--on-change", "true"), 2)
      assert.strictEqual(yield* codeOf("--watch", file, "--signal", "HUP"), 2)
      assert.strictEqual(yield* codeOf("--watch", file, "--pid-file", "x"), 2)
      assert.strictEqual(
        yield* codeOf("--watch", file, "--on-change", "x", "--signal", "HUP", "--pid-file", "x"),
        2
      )
      assert.strictEqual(yield* codeOf("--watch", directory), 3)
      const notes = path.join(home, "notes.txt")
      yield* Effect.promise(() => fs.writeFile(notes, "keep me\n"))
      assert.strictEqual(yield* codeOf("--watch", notes), 3)
      assert.strictEqual(yield* Effect.promise(() => fs.readFile(notes, "utf8")), "keep me\n")
      assert.strictEqual(yield* codeOf("--watch", path.join(directory, "none", "token")), 3)
      assert.deepStrictEqual(yield* namesIn(directory), [])
    })
  )
})
