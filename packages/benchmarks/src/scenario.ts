import type { Effect, Scope } from "effect"

export interface Report {
  /** What it says in a sentence or two, for the beginning of the README. */
  readonly claim: string
  /** Markdown: tables, charts, and what was seen. */
  readonly tables: string
}

/** A measurement, or several that belong together. */
export interface Scenario {
  /** As in `npm run bench -- NAME`, and between its marks in the README. */
  readonly name: string
  readonly title: string
  readonly run: Effect.Effect<Report, unknown, Scope.Scope>
}
