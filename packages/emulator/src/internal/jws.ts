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

/** The payload, unverified. */
export const payload = (jws: string): string =>
  Buffer.from(jws.split(".")[1] ?? "", "base64url").toString("utf8")

export const pem = (key: Crypto.KeyObject): string => key.export({ type: "spki", format: "pem" }).toString()

/** In PEM: what another process needs to know the signatures of this one. */
export const publicKey = (): string => pem(keyPair().publicKey)

/** The key of a PEM; none when it is not one. */
export const trusted = (pem: string): ReadonlyArray<Crypto.KeyObject> =>
  Either.match(
    Either.try(() => Crypto.createPublicKey(pem)),
    { onLeft: () => [], onRight: (key) => [key] }
  )

const isSigned = (input: string, signature: string, key: Crypto.KeyObject): boolean =>
  Either.getOrElse(
    Either.try(() =>
      Crypto.verify("RSA-SHA256", Buffer.from(input), key, Buffer.from(signature, "base64url"))
    ),
    () => false
  )

/** The payload of a JWS that this process has signed, or the holder of one of the other keys. */
export const verify = (jws: string, others: ReadonlyArray<Crypto.KeyObject> = []): Option.Option<string> => {
  const [head, payload, signature, ...rest] = jws.split(".")
  if (head !== header || payload === undefined || signature === undefined || rest.length > 0) {
    return Option.none()
  }
  return [keyPair().publicKey, ...others].some((key) => isSigned(`${head}.${payload}`, signature, key))
    ? Option.some(Buffer.from(payload, "base64url").toString("utf8"))
    : Option.none()
}
