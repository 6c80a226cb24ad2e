/** Charts as SVG, for the README: one message each. They carry their own background, so they can be read on any page. */
import { mkdir, writeFile } from "node:fs/promises"
import { Effect } from "effect"

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

export interface Bar {
  readonly label: string
  readonly value: number
  /** What stands behind the bar. */
  readonly note: string
  readonly emphasis: boolean
}

const labels = 260
const longest = 360
const line = 30

/** In light and in dark, by what the reader's page is. */
const style = `
  text { fill: #1f2328 }
  .page { fill: #ffffff }
  .bar { fill: #afb8c1 }
  .bar.ours { fill: #1a7f37 }
  .ours { font-weight: 600 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 }
    .page { fill: #0d1117 }
    .bar { fill: #484f58 }
    .bar.ours { fill: #3fb950 }
  }`

/** Horizontal bars, one per line. */
export const bars = (title: string, values: ReadonlyArray<Bar>): string => {
  const scale = longest / Math.max(...values.map(({ value }) => value))
  const height = 64 + values.length * line
  const rows = values.map(({ emphasis, label, note, value }, index) => {
    const y = 52 + index * line
    const width = Math.max(1, value * scale).toFixed(1)
    const ours = emphasis ? " ours" : ""
    return `<text class="${ours}" x="${labels - 10}" y="${y + 15}" text-anchor="end">${escaped(label)}</text>
<rect class="bar${ours}" x="${labels}" y="${y}" width="${width}" height="20" rx="2"/>
<text class="${ours}" x="${(labels + Number(width) + 8).toFixed(1)}" y="${y + 15}">${escaped(note)}</text>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 780 ${height}" width="780" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, -apple-system, 'Segoe UI', sans-serif" font-size="14">
<style>${style}
</style>
<rect class="page" width="100%" height="100%" rx="6"/>
<text x="16" y="30" font-size="16" font-weight="600">${escaped(title)}</text>
${rows.join("\n")}
</svg>
`
}

const directory = new URL("../charts/", import.meta.url)

/** Puts a chart beside the README, and answers with the line that shows it there. */
export const write = (name: string, alternative: string, svg: string): Effect.Effect<string> =>
  Effect.promise(async () => {
    await mkdir(directory, { recursive: true })
    await writeFile(new URL(`${name}.svg`, directory), svg)
    return `![${alternative}](charts/${name}.svg)`
  })
