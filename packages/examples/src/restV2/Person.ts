/**
 * Who signs in. A streaming device cannot do that by itself: it opens a browser, or shows a code to somebody with a phone.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/**
 * @since 0.1.0
 * @category models
 */
export interface Person {
  /** Opens a URL in a browser on this device. It completes when the browser has loaded the redirect URL. */
  readonly browse: (url: string) => Effect.Effect<void>
  /** Reads a code from the screen, and signs in with it on a device of their own, at any time. */
  readonly read: (code: string) => Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category tags
 */
export const Person: Context.Tag<Person, Person> = Context.GenericTag<Person>(
  "effect-adobe-pass-examples/Person"
)
