import * as fs from "node:fs/promises"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Fault } from "effect-adobe-pass-emulator"
import { nobody, serveBytes } from "../node/transportServer.js"
import { type Finished, useCli } from "../support/cli.js"
import { expired, valid } from "./doctorCertificates.js"
import { place, proxy, secureServer } from "./doctorPlace.js"
import { emulator } from "./support.js"

const cli = useCli()

const write = (file: string, content: string, mode = 0o600) =>
  Effect.promise(() => fs.writeFile(file, content, { mode }))

/** The fault is named by its check, in a line of that severity; the advice follows. */
const assertNamed = (
  { code, stderr, stdout }: Finished,
  exitCode: number,
  severity: "error" | "warning",
  check: string,
  ...sentences: ReadonlyArray<RegExp>
) => {
  assert.strictEqual(code, exitCode, stdout + stderr)
  assert.strictEqual(stderr, "")
  const lines = stdout.split("\n")
  const start = lines.findIndex((line) => new RegExp(`^${severity} +${check} `).test(line))
  assert.notStrictEqual(start, -1, stdout)
  const rest = lines.slice(start)
  const found = rest
    .slice(
      0,
      rest.findIndex((line, index) => index > 0 && /^\S/.test(line))
    )
    .join("\n")
  for (const sentence of sentences) assert.match(found, sentence)
}

const device = {
  ADOBE_PASS_DEVICE_ID: "ba23d141-d715-561c-94f4-e9e4c966b1eb",
  ADOBE_PASS_DEVICE_USER_AGENT: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
}

describe("adobe-pass doctor, in the configuration,", () => {
  it.scopedLive("names an option of the file that does not exist, and the one that may be meant", () =>
    Effect.gen(function* () {
      const { doctor, home } = yield* place(cli)
      yield* write(path.join(home, "adobe-pass.toml"), '[throttle]\nmaxWiat = "1 second"\n')
      const finished = yield* doctor()
      assertNamed(finished, 3, "error", "configuration", /throttle\.maxWiat.*throttle\.maxWait may be meant/)
      assert.match(
        finished.stdout,
        /^skipped +hosts +Not checked, because the configuration cannot be read\.$/m
      )
    })
  )

  it.scopedLive("names a variable that nobody reads, and the one that may be meant, but not its value", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const finished = yield* doctor([], { ADOBE_PASS_SOFTWARE_STATMENT: "secret-of-a-person" })
      assertNamed(
        finished,
        1,
        "warning",
        "configuration",
        /ADOBE_PASS_SOFTWARE_STATMENT is not known/,
        /Is ADOBE_PASS_SOFTWARE_STATEMENT meant\?/
      )
      assert.notInclude(finished.stdout, "secret-of-a-person")
    })
  )

  it.scopedLive("names what is missing, and goes on with what does not need it", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const finished = yield* doctor([], { ADOBE_PASS_ENVIRONMENT: "" })
      assertNamed(finished, 3, "error", "configuration", /ADOBE_PASS_ENVIRONMENT must be set/)
      assert.match(finished.stdout, /^ok +statement /m)
      assert.match(finished.stdout, /^note +store /m)
      assert.match(
        finished.stdout,
        /^skipped +registration +Not checked, because the configuration cannot be used\.$/m
      )
    })
  )

  it.scopedLive("warns of a file that others can change", () =>
    Effect.gen(function* () {
      const { doctor, home } = yield* place(cli)
      const file = path.join(home, "shared.toml")
      yield* write(file, "")
      yield* Effect.promise(() => fs.chmod(file, 0o666))
      assertNamed(yield* doctor(["--config", file]), 1, "warning", "configuration", /chmod go-w/)
    })
  )
})

describe("adobe-pass doctor, of a software statement,", () => {
  it.scopedLive("says that its file is missing", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const finished = yield* doctor(["--statement", "nowhere.txt"])
      assertNamed(finished, 3, "error", "statement", /nowhere\.txt: there is no such file/)
      assert.match(
        finished.stdout,
        /^skipped +registration +Not checked, because there is no software statement\.$/m
      )
    })
  )

  it.scopedLive("says that it is an HTML page", () =>
    Effect.gen(function* () {
      const { doctor, statement } = yield* place(cli)
      yield* write(statement, "<!doctype html><html><body>Sign in</body></html>")
      assertNamed(yield* doctor(), 3, "error", "statement", /is an HTML page: the download failed/)
    })
  )

  it.scopedLive("warns that every user can read it", () =>
    Effect.gen(function* () {
      const { doctor, statement } = yield* place(cli)
      yield* Effect.promise(() => fs.chmod(statement, 0o644))
      assertNamed(yield* doctor(), 1, "warning", "statement", /can read the software statement/, /chmod 600/)
    })
  )

  it.scopedLive("says that it was revoked", () =>
    Effect.gen(function* () {
      const { adobe, doctor } = yield* place(cli)
      yield* adobe.revokeStatement()
      assertNamed(
        yield* doctor(["--register"]),
        4,
        "error",
        "registration",
        /unapproved_software_statement/,
        /TVE Dashboard of emulated/
      )
    })
  )

  it.scopedLive("says that it belongs to another environment", () =>
    Effect.gen(function* () {
      const { doctor, statement } = yield* place(cli)
      yield* write(statement, (yield* emulator()).softwareStatement)
      assertNamed(
        yield* doctor(["--register"]),
        4,
        "error",
        "registration",
        /invalid_software_statement/,
        /download its statement there/
      )
    })
  )
})

describe("adobe-pass doctor, on the way to the hosts,", () => {
  it.scopedLive("names one that does not resolve", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const finished = yield* doctor([], { ADOBE_PASS_SP_URL: "https://sp.adobe-pass.invalid" })
      assertNamed(finished, 6, "error", "hosts", /sp\.adobe-pass\.invalid does not resolve/, /name servers/)
      assert.match(finished.stdout, /^skipped +clock +Not checked, because Adobe Pass cannot be reached\.$/m)
    })
  )

  it.scopedLive("names a port that is closed", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      assertNamed(
        yield* doctor([], { ADOBE_PASS_SP_URL: yield* nobody }),
        6,
        "error",
        "hosts",
        /sp: 127\.0\.0\.1:\d+ cannot be connected to \(ECONNREFUSED\)/,
        /Check the port/
      )
    })
  )

  it.scopedLive("warns of a closed management host, which is an error for one of its APIs", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const env = { ADOBE_PASS_MGMT_URL: yield* nobody }
      assertNamed(yield* doctor([], env), 1, "warning", "hosts", /mgmt: .*ECONNREFUSED/)
      assertNamed(yield* doctor(["--api", "esm"], env), 6, "error", "hosts", /mgmt: .*ECONNREFUSED/)
    })
  )

  it.scopedLive("names a certificate of an issuer that is not trusted, and takes one that is", () =>
    Effect.gen(function* () {
      const { doctor, home } = yield* place(cli)
      const env = { ADOBE_PASS_SP_URL: yield* secureServer(valid) }
      assertNamed(
        yield* doctor([], env),
        6,
        "error",
        "hosts",
        /is not valid \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
        /NODE_EXTRA_CA_CERTS/
      )
      const file = path.join(home, "issuer.pem")
      yield* write(file, valid)
      const trusted = yield* doctor([], { ...env, NODE_EXTRA_CA_CERTS: file })
      assert.strictEqual(trusted.code, 0, trusted.stdout)
      assert.match(
        trusted.stdout,
        /^ok +hosts +sp .*1 address, connects, TLSv1\.3, certificate valid for \d+ d/m
      )
    })
  )

  it.scopedLive("names a certificate that has expired", () =>
    Effect.gen(function* () {
      const { doctor, home } = yield* place(cli)
      const file = path.join(home, "issuer.pem")
      yield* write(file, expired)
      assertNamed(
        yield* doctor([], { ADOBE_PASS_SP_URL: yield* secureServer(expired), NODE_EXTRA_CA_CERTS: file }),
        6,
        "error",
        "hosts",
        /is not valid \(CERT_HAS_EXPIRED\)/
      )
    })
  )

  it.scopedLive("names a proxy that nobody listens at, without its password", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const nowhere = (yield* nobody).replace("http://", "http://someone:password-of-the-proxy@")
      const finished = yield* doctor([], { HTTP_PROXY: nowhere })
      assertNamed(finished, 6, "error", "hosts", /cannot be connected to/, /The proxy is that of HTTP_PROXY/)
      assert.notInclude(finished.stdout, "password-of-the-proxy")
      assert.strictEqual((yield* doctor([], { HTTP_PROXY: nowhere, NO_PROXY: "127.0.0.1" })).code, 0)
      assert.strictEqual(
        (yield* doctor([], { HTTP_PROXY: nowhere, ADOBE_PASS_TRANSPORT_PROXY: "none" })).code,
        0
      )
    })
  )

  it.scopedLive("goes through a proxy, and says when it wants another password", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const { address, addressForOthers, tunnels } = yield* proxy
      const well = yield* doctor(["--register", "--service-provider", "ACME"], { HTTP_PROXY: address })
      assert.strictEqual(well.code, 0, well.stdout)
      assert.match(
        well.stdout,
        /^ok +hosts +sp .*connects, through the proxy 127\.0\.0\.1:\d+ of HTTP_PROXY/m
      )
      assert.isAtLeast(tunnels(), 2)
      const refused = yield* doctor([], { HTTP_PROXY: addressForOthers })
      assertNamed(
        refused,
        6,
        "error",
        "hosts",
        /did not open a tunnel .*\(status 407\)/,
        /user name and password/
      )
    })
  )

  it.scopedLive("does not wait for ever for a host that accepts and says nothing", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const { url } = yield* serveBytes(() => {})
      assertNamed(
        yield* doctor([], { ADOBE_PASS_SP_URL: url.replace("http:", "https:") }),
        6,
        "error",
        "hosts",
        /The TLS handshake with 127\.0\.0\.1:\d+ did not end within 5 seconds/
      )
    })
  )

  it.scopedLive("tells a clock that is a little wrong from one that does harm", () =>
    Effect.gen(function* () {
      const { adobe, doctor } = yield* place(cli)
      yield* adobe.skewClock("2 minutes")
      assertNamed(
        yield* doctor(),
        1,
        "warning",
        "clock",
        /This clock is (?:1 min 59 s|2 min).* behind/,
        /NTP/
      )
      yield* adobe.skewClock("10 minutes", "behind")
      assertNamed(
        yield* doctor(),
        3,
        "error",
        "clock",
        /This clock is (?:9 min 59 s|10 min).* ahead of/,
        /NTP/
      )
    })
  )
})

describe("adobe-pass doctor, of the store,", () => {
  it.scopedLive("warns of a directory that was open to others", () =>
    Effect.gen(function* () {
      const { doctor, store } = yield* place(cli)
      yield* doctor(["--register"])
      yield* Effect.promise(() => fs.chmod(store, 0o755))
      assertNamed(yield* doctor(), 1, "warning", "store", /was open to other users/, /Find out who opened it/)
      assert.strictEqual((yield* doctor()).code, 0)
    })
  )

  it.scopedLive("refuses a directory that is open to others and holds other files", () =>
    Effect.gen(function* () {
      const { doctor, home } = yield* place(cli)
      yield* Effect.promise(() => fs.chmod(home, 0o755))
      assertNamed(
        yield* doctor(["--store-directory", home]),
        3,
        "error",
        "store",
        /is open to other users and holds other files/
      )
    })
  )

  it.scopedLive("refuses a directory of another user", () =>
    Effect.gen(function* () {
      const { doctor, store } = yield* place(cli)
      const isRoot = process.getuid?.() === 0
      // Only root can give a directory away, and everybody else has one of root at hand.
      const foreign = isRoot ? store : "/usr"
      if (isRoot) {
        yield* Effect.promise(async () => {
          await fs.mkdir(store)
          await fs.chown(store, 65_534, 65_534)
        })
      }
      assertNamed(
        yield* doctor(["--store-directory", foreign]),
        3,
        "error",
        "store",
        /belongs to another user/
      )
    })
  )

  it.scopedLive("names one in which a record cannot be read, and changes nothing there", () =>
    Effect.gen(function* () {
      const { doctor, store } = yield* place(cli)
      yield* doctor(["--register"])
      const damaged = "0".repeat(64)
      yield* write(path.join(store, `${damaged}.json`), '{"version":')
      const before = yield* Effect.promise(() => fs.readdir(store))
      assertNamed(
        yield* doctor(),
        7,
        "error",
        "store",
        new RegExp(`1 of 2 sessions cannot be read; the first is ${damaged}`),
        /restore it from a backup/
      )
      assert.deepStrictEqual(yield* Effect.promise(() => fs.readdir(store)), before)
    })
  )

  it.scopedLive("says that its place is lost with a reboot", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const inMemory = yield* Effect.acquireRelease(
        Effect.promise(() => fs.mkdtemp("/dev/shm/adobe-pass-doctor-")),
        (directory) => Effect.promise(() => fs.rm(directory, { recursive: true, force: true }))
      )
      assertNamed(
        yield* doctor(["--store-directory", path.join(inMemory, "store")]),
        1,
        "warning",
        "store",
        /is in memory \(tmpfs\)/,
        /Choose a directory on a disk/
      )
    })
  )
})

describe("adobe-pass doctor, of keys,", () => {
  it.scopedLive(
    "counts the records that are still in clear, and warns of keys that every user can read",
    () =>
      Effect.gen(function* () {
        const { doctor, home } = yield* place(cli)
        yield* doctor(["--register"])
        const keys = path.join(home, "keys.txt")
        yield* write(keys, `first ${Buffer.alloc(32, 7).toString("base64")}\n`)
        const { code, stdout } = yield* doctor([], { ADOBE_PASS_STORE_KEYS_FILE: keys })
        assert.strictEqual(code, 0, stdout)
        assert.match(stdout, /^ok +store +Records are encrypted; 1 will be when they are saved next\.$/m)
        yield* Effect.promise(() => fs.chmod(keys, 0o644))
        assertNamed(
          yield* doctor([], { ADOBE_PASS_STORE_KEYS_FILE: keys }),
          1,
          "warning",
          "store",
          /can read the keys of the store/
        )
      })
  )
})

describe("adobe-pass doctor, of calls,", () => {
  it.scopedLive("names the scope that the API needs and the token lacks", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      assertNamed(
        yield* doctor(["--register", "--api", "esm"]),
        4,
        "error",
        "api",
        /lacks the scope analytics:client of Entitlement Service Monitoring; it has api:client:v2/,
        /Create a registered application with that scope/
      )
    })
  )

  it.scopedLive("explains a management API that refuses the address", () =>
    Effect.gen(function* () {
      const { adobe, doctor } = yield* place(cli, { scopes: ["analytics:client"] })
      yield* adobe.fail({
        route: "management",
        fault: Fault.answer(403)
      })
      assertNamed(
        yield* doctor(["--register", "--api", "esm"]),
        4,
        "error",
        "api",
        /403/,
        /not on Adobe's allow-list/
      )
    })
  )

  it.scopedLive("says that Adobe Pass throttles, and how often it did", () =>
    Effect.gen(function* () {
      const { adobe, doctor } = yield* place(cli)
      yield* doctor(["--register"])
      yield* adobe.fail({ route: "api", fault: Fault.answer(429, { headers: { "retry-after": "600" } }) })
      const finished = yield* doctor(["--service-provider", "ACME"])
      assertNamed(finished, 5, "error", "api", /throttled \(429\)/)
      assertNamed(finished, 5, "warning", "throttle", /429 to 1 of 2 requests/)
    })
  )

  it.scopedLive("names a forwarded address that is private, without showing it", () =>
    Effect.gen(function* () {
      const { doctor } = yield* place(cli)
      const finished = yield* doctor([], { ...device, ADOBE_PASS_DEVICE_IP: "10.20.30.40" })
      assertNamed(
        finished,
        3,
        "error",
        "throttle",
        /address that is forwarded .* is private/,
        /X-Forwarded-For/
      )
      assert.notInclude(finished.stdout, "10.20.30.40")
      assert.strictEqual((yield* doctor([], { ...device, ADOBE_PASS_DEVICE_IP: "203.0.113.7" })).code, 0)
    })
  )
})
