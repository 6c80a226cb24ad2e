/**
 * Points in time and durations as people read them.
 *
 * @since 0.1.0
 */

/**
 * A point in time: `2026-11-26 07:15:00Z`; `unknown` for 0.
 *
 * @since 0.1.0
 * @category conversions
 */
export const at = (millis: number): string =>
  millis <= 0 ? "unknown" : new Date(millis).toISOString().replace("T", " ").replace(/\.\d+/, "")

/**
 * A point in time for programs, in ISO 8601; null for 0, which is unknown.
 *
 * @since 0.1.0
 * @category conversions
 */
export const iso = (millis: number): string | null => (millis <= 0 ? null : new Date(millis).toISOString())

/**
 * A duration with its two largest units: `5 h 59 min`.
 *
 * @since 0.1.0
 * @category conversions
 */
export const span = (millis: number): string => {
  const seconds = Math.max(0, Math.floor(millis / 1000))
  const units = [
    [Math.floor(seconds / 86_400), "d"],
    [Math.floor(seconds / 3600) % 24, "h"],
    [Math.floor(seconds / 60) % 60, "min"],
    [seconds % 60, "s"]
  ] as const
  const first = units.findIndex(([count]) => count > 0)
  if (first === -1) return "0 s"
  return units
    .slice(first, first + 2)
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}`)
    .join(" ")
}
