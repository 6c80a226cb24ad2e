const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

const time = "(?<hour>\\d{2}):(?<minute>\\d{2}):(?<second>\\d{2})"

/** The three forms of RFC 9110, section 5.6.7. All of them are in GMT, and the third does not say so. */
const forms = [
  `[a-z]{3}, (?<day>\\d{1,2}) (?<month>[a-z]{3}) (?<year>\\d{4}) ${time} (?:GMT|UTC)`,
  `[a-z]{6,9}, (?<day>\\d{2})-(?<month>[a-z]{3})-(?<year>\\d{2}) ${time} (?:GMT|UTC)`,
  `[a-z]{3} (?<month>[a-z]{3}) +(?<day>\\d{1,2}) ${time} (?<year>\\d{4})`
].map((form) => new RegExp(`^${form}$`, "i"))

/** A year of two digits is the nearest one that is not more than 50 years ahead. */
const fullYear = (text: string, now: number): number => {
  if (text.length === 4) return Number(text)
  const current = Math.floor(1970 + now / (365.2425 * 86_400_000))
  const year = current - (current % 100) + Number(text)
  return year > current + 50 ? year - 100 : year
}

/** A date of HTTP, in milliseconds; undefined for what is none. */
export const httpDate = (text: string | undefined, now: number): number | undefined => {
  for (const form of forms) {
    const { day, hour, minute, month, second, year } = form.exec(text?.trim() ?? "")?.groups ?? {}
    const index = months.indexOf(month?.toLowerCase() ?? "")
    if (year === undefined || index < 0) continue
    return Date.UTC(fullYear(year, now), index, Number(day), Number(hour), Number(minute), Number(second))
  }
  return undefined
}
