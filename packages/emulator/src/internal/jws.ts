/**
 * Compact JWS with RS256, header exactly `{"alg":"RS256"}` as on Adobe's wire.
 *
 * Signs synchronously: then the emulator in process answers without leaving the caller's fiber, and a test may fork a
 * request and move its clock without racing a thread pool.
 */
import * as Crypto from "node:crypto"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

interface KeyPair {
  readonly publicKey: Crypto.KeyObject
  readonly privateKey: Crypto.KeyObject
}

let generated: KeyPair | undefined

/** One key per process: making it takes a tenth of a second, and emulators differ by what they have issued. */
export const keyPair = (): KeyPair => {
  generated ??= Crypto.generateKeyPairSync("rsa", { modulusLength: 2048 })
  return generated
}

const encode = (text: string): string => Buffer.from(text, "utf8").toString("base64url")

const header = encode(`{"alg":"RS256"}`)

export const sign = (payload: string): string => {
  const input = `${header}.${encode(payload)}`
  return `${input}.${Crypto.sign("RSA-SHA256", Buffer.from(input), keyPair().privateKey).toString("base64url")}`
}

/** The payload of a JWS that this process has signed. */
export const verify = (jws: string): Option.Option<string> => {
  const [head, payload, signature, ...rest] = jws.split(".")
  if (head !== header || payload === undefined || signature === undefined || rest.length > 0)
    return Option.none()
  const valid = Either.try(() =>
    Crypto.verify(
      "RSA-SHA256",
      Buffer.from(`${head}.${payload}`),
      keyPair().publicKey,
      Buffer.from(signature, "base64url")
    )
  )
  return Either.getOrElse(valid, () => false)
    ? Option.some(Buffer.from(payload, "base64url").toString("utf8"))
    : Option.none()
}
