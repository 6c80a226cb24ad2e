/** Quartiles, and how figures and tables are printed. */

/** The values that a quarter, a half and three quarters of all are below. */
export interface Quartiles {
  readonly low: number
  readonly median: number
  readonly high: number
}

const quantile = (sorted: ReadonlyArray<number>, at: number): number => {
  const place = at * (sorted.length - 1)
  const below = sorted[Math.floor(place)] ?? Number.NaN
  const above = sorted[Math.ceil(place)] ?? Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

export const quartiles = (values: ReadonlyArray<number>): Quartiles => {
  const sorted = values.toSorted((left, right) => left - right)
  return { low: quantile(sorted, 0.25), median: quantile(sorted, 0.5), high: quantile(sorted, 0.75) }
}

/** How far the quartiles lie apart, as a fraction of the median. */
export const spread = ({ high, low, median }: Quartiles): number => (high - low) / median

/** Three digits that mean something. */
export const figure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en-US") : value >= 10 ? value.toFixed(1) : value.toFixed(2)

export const times = (value: number): string => `${figure(value)} x`

/** `1.33 x (1.28 to 1.40)`. */
export const withQuartiles = (ratio: Quartiles): string =>
  `${times(ratio.median)} (${figure(ratio.low)} to ${figure(ratio.high)})`

/** A table of Markdown that can be read as it is, too. The first columns are text, the others are figures. */
export const table = (
  head: ReadonlyArray<string>,
  body: ReadonlyArray<ReadonlyArray<string>>,
  textColumns = 1
): string => {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, 3, ...body.map((cells) => cells[column]?.length ?? 0))
  )
  const padded = (cells: ReadonlyArray<string>) =>
    widths.map((width, column) => {
      const cell = cells[column] ?? ""
      return column < textColumns ? cell.padEnd(width) : cell.padStart(width)
    })
  const rule = widths.map((width, column) =>
    column < textColumns ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  )
  return [padded(head), rule, ...body.map(padded)].map((cells) => `| ${cells.join(" | ")} |`).join("\n")
}
