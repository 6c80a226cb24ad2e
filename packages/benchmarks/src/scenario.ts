import type { Effect, Scope } from "effect"

/** A measurement, or several that belong together. */
export interface Scenario {
  /** As in `npm run bench -- NAME`, and between its marks in the README. */
  readonly name: string
  readonly title: string
  /** Whether it waits more than it works, so that others of the kind may run beside it. */
  readonly idle?: boolean
  /** Measures, and answers with Markdown: tables, and what was seen. */
  readonly run: Effect.Effect<string, unknown, Scope.Scope>
}
