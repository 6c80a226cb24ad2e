/** Charts as SVG, for the README. */
import { mkdir, writeFile } from "node:fs/promises"

const escaped = (text: string) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const directory = new URL("../charts/", import.meta.url)

const document = (title: string, width: number, height: number, content: ReadonlyArray<string>): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
<text x="16" y="26" font-size="15" font-weight="600" fill="#111">${escaped(title)}</text>
${content.join("\n")}
</svg>
`

const text = (x: number, y: number, content: string, attributes = "") =>
  `<text x="${Math.round(x)}" y="${y}" fill="#333" ${attributes}>${escaped(content)}</text>`

const bar = (x: number, y: number, width: number, height: number, color: string) =>
  `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(1, width).toFixed(1)}" height="${height}" fill="${color}"/>`

export interface Bar {
  readonly label: string
  readonly value: number
  /** What stands behind the bar. */
  readonly note: string
  readonly emphasis?: boolean
}

/** Horizontal bars, one per line. */
export const bars = (title: string, values: ReadonlyArray<Bar>): string => {
  const left = 330
  const scale = 360 / Math.max(...values.map(({ value }) => value))
  return document(
    title,
    860,
    56 + values.length * 26,
    values.flatMap(({ emphasis, label, note, value }, index) => {
      const y = 44 + index * 26
      return [
        text(left - 10, y + 14, label, `text-anchor="end"${emphasis === true ? ' font-weight="600"' : ""}`),
        bar(left, y, value * scale, 18, emphasis === true ? "#0a7d4f" : "#9db2c7"),
        text(left + value * scale + 8, y + 14, note)
      ]
    })
  )
}

const palette = [
  "#0a7d4f",
  "#5bb98c",
  "#3b6ea5",
  "#9db2c7",
  "#c98b3a",
  "#8a6bb1",
  "#b5534f",
  "#d9a5b3",
  "#dddddd"
]

export interface Stack {
  readonly label: string
  readonly parts: Readonly<Record<string, number>>
}

/** Bars that are made of parts, with a legend. */
export const stacks = (title: string, unit: string, values: ReadonlyArray<Stack>): string => {
  const names = [...new Set(values.flatMap(({ parts }) => Object.keys(parts)))]
  const left = 230
  const total = ({ parts }: Stack) => Object.values(parts).reduce((sum, part) => sum + part, 0)
  const scale = 480 / Math.max(...values.map(total))
  const color = (name: string) => palette[names.indexOf(name) % palette.length] ?? "#999"
  const rows = values.flatMap((stack, index) => {
    const y = 44 + index * 30
    let x = left
    const parts = names.flatMap((name) => {
      const width = (stack.parts[name] ?? 0) * scale
      const part = bar(x, y, width, 20, color(name))
      x += width
      return width > 0 ? [part] : []
    })
    return [
      text(left - 10, y + 15, stack.label, 'text-anchor="end"'),
      ...parts,
      text(x + 8, y + 15, `${total(stack).toFixed(1)} ${unit}`)
    ]
  })
  const legend = names.flatMap((name, index) => {
    const x = 24 + (index % 4) * 205
    const y = 64 + values.length * 30 + Math.floor(index / 4) * 22
    return [bar(x, y - 11, 12, 12, color(name)), text(x + 18, y, name)]
  })
  return document(title, 860, 84 + values.length * 30 + Math.ceil(names.length / 4) * 22, [
    ...rows,
    ...legend
  ])
}

/** Puts a chart beside the README, and answers with the line that shows it there. */
export const write = async (name: string, alternative: string, svg: string): Promise<string> => {
  await mkdir(directory, { recursive: true })
  await writeFile(new URL(`${name}.svg`, directory), svg)
  return `![${alternative}](charts/${name}.svg)`
}
