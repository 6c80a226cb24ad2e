/**
 * Compact JWS with RS256 and the header `{"alg":"RS256"}`, as Adobe sends it.
 *
 * Signing is synchronous, so that the emulator in process answers within the caller's fiber and a test can adjust its
 * clock without racing a thread pool.
 */
import * as Crypto from "node:crypto"
import * as Either from "effect/Either"
import * as Option from "effect/Option"

let generated: Crypto.KeyPairKeyObjectResult | undefined

/** One key per process, because generating one takes 0.1 s. A registry knows which tokens are its own. */
export const keyPair = (): Crypto.KeyPairKeyObjectResult => {
  generated ??= Crypto.generateKeyPairSync("rsa", { modulusLength: 2048 })
  return generated
}

const encode = (text: string): string => Buffer.from(text, "utf8").toString("base64url")

const header = encode(`{"alg":"RS256"}`)

/** The signature of a text. */
export const signed = (text: string): Buffer =>
  Crypto.sign("RSA-SHA256", Buffer.from(text), keyPair().privateKey)

export const sign = (payload: string): string => {
  const input = `${header}.${encode(payload)}`
  return `${input}.${signed(input).toString("base64url")}`
}

/** The payload, unverified: of a JWS that is known to be this process's own. */
export const payload = (jws: string): string =>
  Buffer.from(jws.split(".")[1] ?? "", "base64url").toString("utf8")

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
