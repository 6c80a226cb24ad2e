/**
 * Flags that more than one command has the like of.
 *
 * @since 0.1.0
 */
import * as Options from "@effect/cli/Options"
import type * as Option from "effect/Option"

/**
 * A text that need not be given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const text = (name: string, description: string): Options.Options<Option.Option<string>> =>
  Options.text(name).pipe(Options.withDescription(description), Options.optional)

/**
 * A text that may be given any number of times.
 *
 * @since 0.1.0
 * @category constructors
 */
export const texts = (name: string, description: string): Options.Options<Array<string>> =>
  Options.text(name).pipe(Options.withDescription(description), Options.repeated)
