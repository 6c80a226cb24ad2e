/**
 * Showing a catalogue: which programs the person may see, and why they may not see the others.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Match from "effect/Match"
import { PreauthorizationCache, ProfileCache } from "effect-adobe-pass-rest-v2"

const serviceProvider = "ACME"

/**
 * A program of the catalogue: open, or locked for a reason that may be shown.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entry {
  readonly resource: string
  readonly locked: string | undefined
}

/**
 * The catalogue as the person may see it. Permits are kept in memory, and lists longer than Adobe Pass takes are split.
 *
 * @since 0.1.0
 * @category programs
 */
export const showCatalogue = (mvpd: string, resources: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { preauthorize } = yield* PreauthorizationCache.PreauthorizationCache
    const { watch } = yield* ProfileCache.ProfileCache
    const decisions = yield* preauthorize({ serviceProvider, mvpd, resources }).pipe(
      watch({ serviceProvider, mvpd })
    )
    return decisions.map((decision) =>
      Match.valueTags(decision, {
        PreauthorizationPermit: ({ resource }): Entry => ({ resource, locked: undefined }),
        PreauthorizationDenial: ({ error, resource }): Entry => ({
          resource,
          locked: error.details ?? error.serverMessage ?? error.message
        })
      })
    )
  })
