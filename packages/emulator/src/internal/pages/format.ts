/** How pages write times and durations: in UTC, the same on every machine. */

const iso = (millis: number): string => {
  const date = new Date(millis)
  return Number.isNaN(date.getTime()) ? "" : date.toISOString()
}

/** `14:03:59.120` */
export const timeOfDay = (millis: number): string => iso(millis).slice(11, 23)

/** `2026-01-31 14:03:59` */
export const instant = (millis: number): string => iso(millis).slice(0, 19).replace("T", " ")

const units = [
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1]
] as const

/** The two largest units: `5 h 59 min`. */
export const duration = (millis: number): string => {
  let left = Math.round(Math.abs(millis) / 1000)
  const parts: Array<string> = []
  for (const [name, seconds] of units) {
    const count = Math.floor(left / seconds)
    left -= count * seconds
    if (count > 0 && parts.length < 2) parts.push(`${count} ${name}`)
  }
  return parts.length === 0 ? "0 s" : parts.join(" ")
}

/** `in 6 h`, `2 min ago`. */
export const relative = (millis: number, now: number): string =>
  millis >= now ? `in ${duration(millis - now)}` : `${duration(now - millis)} ago`
