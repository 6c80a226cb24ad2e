import * as Effect from "effect/Effect"

const hexadecimal = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

/** Joined, not concatenated: very many of these are kept, and a joined string is half the size. @internal */
export const sha256Hex = (text: string): Effect.Effect<string> =>
  Effect.map(
    Effect.promise(() => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
    (digest) => Array.from(new Uint8Array(digest), (byte) => hexadecimal[byte]).join("")
  )
