import { inspect } from "node:util"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FastCheck as fc, Redacted } from "effect"
import { SoftwareStatement } from "effect-adobe-pass"
import { unsigned } from "../support/exchanges.js"
import { runs } from "../support/property.js"

const base64url = (text: string) => Buffer.from(text).toString("base64url")
const claims = {
  sub: "6e7f0b0c-91a3-4c8a-9a63-0d5b5a2f3c11",
  nbf: 1700000000,
  iss: "auth.adobe.com",
  iat: 1700000000
}
const statement = unsigned(claims)
const fingerprint = (input: string) => Effect.map(SoftwareStatement.make(input), (made) => made.fingerprint)

describe("a software statement", () => {
  it.effect("is read offline: claims and fingerprint, with the text kept redacted", () =>
    Effect.gen(function* () {
      const made = yield* SoftwareStatement.make(Redacted.make(statement))
      assert.deepStrictEqual(made.claims, claims)
      assert.match(made.fingerprint, /^[0-9a-f]{32}$/)
      assert.strictEqual(Redacted.value(made.value), statement)
      assert.notInclude(inspect(made, { depth: null }) + JSON.stringify(made), statement)
    })
  )

  it.effect.each([null, "1700000000", "soon"])("is not refused over %j as its time of issue", (iat) =>
    Effect.gen(function* () {
      const made = yield* SoftwareStatement.make(unsigned({ ...claims, iat, nbf: iat }))
      assert.strictEqual(made.fingerprint, yield* fingerprint(statement))
    })
  )

  const [header, payload, signature] = statement.split(".")
  const written: ReadonlyArray<readonly [string, string]> = [
    ["with a newline at its end", `${statement}\n`],
    ["with white space around it", `\r\n\t ${statement} \r\n`],
    ["with a byte order mark", `\uFEFF${statement}`],
    ["folded over lines", statement.replace(/.{20}/g, "$&\n  ")],
    ["with spaces at its dots", `${header} . ${payload} . ${signature}`],
    ["as a JSON string", JSON.stringify(statement)],
    ["in single quotes", `'${statement}'\n`],
    ["in JSON", JSON.stringify({ software_statement: statement, redirect_uri: "https://a.example" })],
    ["in JSON, folded over lines", `{"software_statement":\n"${statement.replace(/.{20}/g, "$&\n  ")}"}`],
    ["as a parameter", `software_statement=${statement}`],
    ["as a variable of a shell", `export ADOBE_PASS_SOFTWARE_STATEMENT="${statement}"\n`],
    ["in UTF-16", Buffer.from(`\uFEFF${statement}\r\n`, "utf16le").toString("utf8")],
    ["in UTF-16, big end first", Buffer.from(`\uFEFF${statement}\r\n`, "utf16le").swap16().toString("utf8")]
  ]
  it.effect.each(written)("may be written %s", ([, text]) =>
    Effect.gen(function* () {
      assert.strictEqual(Redacted.value((yield* SoftwareStatement.make(text)).value), statement)
    })
  )

  const secret = "c2VjcmV0LXBhcnQ"
  const refused: ReadonlyArray<readonly [string, string, string]> = [
    ["empty", "", "is empty"],
    ["blank", " \n ", "is empty"],
    ["no JWT", secret, "is not a JWT (three parts"],
    ["two parts long", `${header}.${secret}`, "is not a JWT (three parts"],
    ["four parts long", `${statement}.${secret}`, "is not a JWT (three parts"],
    ["five parts long, as an encrypted JWT", `${statement}.${secret}.${secret}`, "is not a JWT (three parts"],
    ["without a signature", `${header}.${payload}.`, "a part is empty"],
    ["outside base64url", `${header}.${secret}.a+b/`, "outside base64url"],
    [
      "JSON without a statement",
      JSON.stringify({ error: secret }),
      "is JSON without a member software_statement"
    ],
    ["an HTML page", "<html><body>Not Found. Try again. Later.</body></html>", "is an HTML page"],
    ["the path of a file", "/run/secrets/statement", "is the name of a file"],
    ["the name of a file", "./statement.v2.txt", "is the name of a file"],
    ["not signed", unsigned(claims, { alg: "none" }), "is not signed"],
    ["not signed, in other letters", unsigned(claims, { alg: "NONE" }), "is not signed"],
    ["without an algorithm", unsigned(claims, {}), "its header cannot be decoded"],
    ["without a JSON header", `${base64url("{alg")}.${payload}.${secret}`, "its header cannot be decoded"],
    ["without JSON claims", `${header}.${base64url("{sub")}.${secret}`, "its claims cannot be decoded"],
    ["with a list as claims", `${header}.${base64url("[]")}.${secret}`, "its claims cannot be decoded"],
    ["with a number as subject", unsigned({ sub: 1 }), "its claims cannot be decoded"],
    ["of an impossible base64 length", `${header}.a.${secret}`, "its claims cannot be decoded"],
    ["20 KB long", unsigned({ sub: "a".repeat(20_000) }), "is longer than 16 KB"]
  ]
  it.effect.each(refused)("that is %s is refused, and the error says why", ([, text, expected]) =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(SoftwareStatement.make(text))
      assert.strictEqual(error._tag, "InvalidInput")
      assert.strictEqual(error.field, "softwareStatement")
      assert.include(error.message, expected)
    })
  )

  it.effect.prop(
    "is never repeated in an error",
    [
      fc.oneof(
        fc.string({ minLength: 12 }),
        fc.string({ minLength: 12 }).map((text) => `${header}.${text}.${text}`)
      )
    ],
    ([text]) =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(SoftwareStatement.make(text))
        const rendered =
          inspect(error, { depth: null, showHidden: true }) + JSON.stringify(error) + String(error)
        for (const part of text.split(".")) {
          if (part.trim().length >= 12) assert.notInclude(rendered, part)
        }
      }),
    runs(200)
  )
})

describe("the fingerprint of a statement", () => {
  it.effect("is the same for every download of one application (A15)", () =>
    Effect.gen(function* () {
      const later = unsigned({ ...claims, iat: claims.iat + 86_400, nbf: claims.nbf + 86_400 })
      assert.notStrictEqual(later, statement)
      assert.strictEqual(yield* fingerprint(later), yield* fingerprint(statement))
    })
  )

  it.effect("differs for another application and another issuer (A15)", () =>
    Effect.gen(function* () {
      const own = yield* fingerprint(statement)
      assert.notStrictEqual(yield* fingerprint(unsigned({ ...claims, sub: "another" })), own)
      assert.notStrictEqual(yield* fingerprint(unsigned({ ...claims, iss: "auth.example.com" })), own)
    })
  )

  it.effect("falls back on software_id, and then on the whole statement", () =>
    Effect.gen(function* () {
      const named = (iat: number) => fingerprint(unsigned({ software_id: "a", iat }))
      assert.strictEqual(yield* named(1), yield* named(2))
      const nameless = (iat: number) => fingerprint(unsigned({ iat }))
      assert.strictEqual(yield* nameless(1), yield* nameless(1))
      assert.notStrictEqual(yield* nameless(1), yield* nameless(2))
    })
  )

  it.effect("does not depend on how the statement is folded", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* fingerprint(statement.replace(/.{13}/g, "$&\r\n")),
        yield* fingerprint(statement)
      )
    })
  )
})
