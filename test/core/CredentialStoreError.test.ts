import { assert, describe, it } from "@effect/vitest"
import { AdobePassError } from "effect-adobe-pass"

const message = (code?: string) =>
  new AdobePassError.CredentialStoreError({
    operation: "save",
    reason: "Unavailable",
    ...(code === undefined ? {} : { code })
  }).message

describe("a store that fails", () => {
  it.each([
    ["ENOSPC", "free some"],
    ["EDQUOT", "free some"],
    ["SQLITE_FULL", "free some"],
    ["53100", "free some"],
    ["OOM", "free some"],
    ["EACCES", "give it to its user"],
    ["EPERM", "give it to its user"],
    ["42501", "give it to its user"],
    ["EROFS", "mount it writable"],
    ["SQLITE_READONLY_DBMOVED", "mount it writable or connect to the primary"],
    ["READONLY", "connect to the primary"],
    ["28P01", "the password"],
    ["EMFILE", "raise their limit"],
    ["EIO", "check the disk"],
    ["ENOENT", "bring it back"],
    ["ESTALE", "mount that one again"],
    ["DANGLING_LINK", "bring the target back"],
    ["INVALID_KEY", "64 lower-case hexadecimal digits"],
    ["ECONNREFUSED", "bring it back"]
  ])("with %s says what helps: %s", (code, remedy) => {
    assert.include(message(code), `[${code}]: `)
    assert.include(message(code), remedy)
    assert.match(message(code), /; new credentials are kept in memory/)
  })

  it("without a code asks to bring it back", () => {
    assert.include(message(), "failed to save: bring it back; ")
  })
})
