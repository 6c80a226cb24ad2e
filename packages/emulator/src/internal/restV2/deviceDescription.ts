/** The device object of a session: what `X-Device-Info` said, in Adobe's other names, with `null` for the rest. */

type Info = Readonly<Record<string, unknown>>

const text = (info: Info, key: string): string | null => {
  const value = info[key]
  return typeof value === "string" || typeof value === "number" ? String(value) : null
}

const number = (info: Info, key: string): number => {
  const value = Number(info[key])
  return Number.isFinite(value) ? Math.trunc(value) : 0
}

const version = (written: string | null) => {
  const [major = 0, minor = 0, patch = 0] = (written ?? "")
    .split(/[.,]/)
    .map((part) => Number.parseInt(part, 10))
    .map((part) => (Number.isNaN(part) ? 0 : part))
  return { major, minor, patch, profile: "" }
}

const unversioned = version(null)

export const describeDevice = (info: Info, address: string | undefined) => ({
  type: text(info, "primaryHardwareType") ?? "Unknown",
  model: text(info, "model"),
  version: version(text(info, "version")),
  hardware: {
    name: null,
    vendor: text(info, "vendor"),
    version: unversioned,
    manufacturer: text(info, "manufacturer")
  },
  operatingSystem: {
    name: text(info, "osName"),
    family: text(info, "osFamily"),
    vendor: text(info, "osVendor"),
    version: version(text(info, "osVersion"))
  },
  browser: {
    name: text(info, "browserName"),
    vendor: text(info, "browserVendor"),
    version: version(text(info, "browserVersion")),
    userAgent: text(info, "userAgent"),
    originalUserAgent: null
  },
  display: {
    width: number(info, "displayWidth"),
    height: number(info, "displayHeight"),
    ppi: number(info, "displayPpi"),
    name: "DISPLAY",
    vendor: null,
    version: null,
    diagonalSize: text(info, "diagonalScreenSize")
  },
  applicationId: text(info, "applicationId"),
  connection: {
    ipAddress: text(info, "connectionIp") ?? address ?? null,
    port: text(info, "connectionPort"),
    secure: info["connectionSecure"] === true || info["connectionSecure"] === "true",
    type: text(info, "connectionType")
  }
})
