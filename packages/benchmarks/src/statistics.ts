/** Figures of a benchmark: medians, what they spread over, and how they are printed. */

const sorted = (values: ReadonlyArray<number>) => values.toSorted((left, right) => left - right)

const quantile = (values: ReadonlyArray<number>, at: number): number => {
  const order = sorted(values)
  return order[Math.min(order.length - 1, Math.floor(at * order.length))] ?? Number.NaN
}

export const median = (values: ReadonlyArray<number>): number => quantile(values, 0.5)

/** The half of the values in the middle, as a fraction of the median on both sides. */
export const spread = (values: ReadonlyArray<number>): number =>
  (quantile(values, 0.75) - quantile(values, 0.25)) / 2 / median(values)

/** Three digits that mean something. */
export const figure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en-US") : value >= 10 ? value.toFixed(1) : value.toFixed(2)

/** `41.2 µs ± 3 %`. */
export const withSpread = (values: ReadonlyArray<number>, unit: string): string =>
  `${figure(median(values))} ${unit} ± ${Math.round(spread(values) * 100)} %`

export const ratio = (value: number, base: number): string => `${(value / base).toFixed(2)} x`

/** A table of Markdown that can be read as it is, too. */
export const table = (
  head: ReadonlyArray<string>,
  body: ReadonlyArray<ReadonlyArray<string>>,
  leftColumns = 1
): string => {
  const widths = head.map((cell, column) =>
    Math.max(cell.length, 3, ...body.map((cells) => cells[column]?.length ?? 0))
  )
  const line = (cells: ReadonlyArray<string>) =>
    `| ${widths
      .map((width, column) => {
        const cell = cells[column] ?? ""
        return column < leftColumns ? cell.padEnd(width) : cell.padStart(width)
      })
      .join(" | ")} |`
  const rule = widths.map((width, column) =>
    column < leftColumns ? "-".repeat(width) : `${"-".repeat(width - 1)}:`
  )
  return [line(head), line(rule), ...body.map(line)].join("\n")
}
