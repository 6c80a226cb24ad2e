/** The tree of dimensions of a programmer, as Adobe's diagrams show it. The path of a report is a path in this tree. */

/** Below a point in time: branches are in braces. */
const byDay = [
  "dc",
  "media-company/{dc,proxy/mvpd/{dc,requestor-id/platform/nsdk/nsdk-version/sso-type/dc}}",
  "media-company/requestor-id/{cdt/{platform-version/dc,sso-type/dc},platform/nsdk/nsdk-version/{dc,sso-type/dc}}",
  "proxy/mvpd/{dc,media-company/requestor-id/eap/platform/nsdk/nsdk-version/dc}",
  "requestor-id/{dc,application-name/application-version/{channel/dc,dc},application-software-id/dc}",
  "requestor-id/proxy/mvpd/{dc,platform/nsdk/nsdk-version/dc}",
  "requestor-id/customer-app/{dc,channel/dc}",
  "requestor-id/platform/{dc,customer-app/{dc,channel/dc},application-name/application-version/{dc,channel/dc,api/dc}}",
  "event/media-company/requestor-id/proxy/mvpd/{reason/dc,arch/dc}"
]

const byHour = [
  "dc",
  "media-company/{dc,proxy/mvpd/dc}",
  "media-company/proxy/mvpd/requestor-id/{dc,channel/dc,cdt/{platform-version/dc,sso-type/dc}}",
  "media-company/proxy/mvpd/requestor-id/customer-app/{dc,channel/dc,application-name/application-version/{dc,channel/dc}}",
  "media-company/proxy/mvpd/requestor-id/platform/nsdk/nsdk-version/{dc,channel/dc,sso-type/dc}",
  "media-company/requestor-id/{cdt/sso-type/dc,platform/nsdk/nsdk-version/sso-type/dc}",
  "event/media-company/requestor-id/proxy/mvpd/{reason/dc,arch/dc}",
  "requestor-id/platform/{dc,customer-app/{dc,channel/dc},application-name/application-version/{dc,channel/dc}}",
  "proxy/mvpd/media-company/requestor-id/eap/platform/nsdk/nsdk-version/dc",
  "platform/nsdk/nsdk-version/dc"
]

const byMinute = [
  "media-company/proxy/mvpd/requestor-id/{dc,channel/dc,cdt/{platform-version/dc,sso-type/dc}}",
  "media-company/proxy/mvpd/requestor-id/platform/nsdk/nsdk-version/{dc,channel/dc,sso-type/dc}",
  "proxy/mvpd/media-company/requestor-id/{dc,customer-app/{dc,channel/dc},eap/platform/nsdk/nsdk-version/dc}",
  "proxy/mvpd/media-company/requestor-id/application-name/application-version/{dc,channel/dc}",
  "event/media-company/requestor-id/proxy/mvpd/reason/dc",
  "requestor-id/platform/{dc,customer-app/{dc,channel/dc},application-name/application-version/{dc,channel/dc}}"
]

/** The branches of `a/{b,c}`: `a/b` and `a/c`. The innermost braces are opened first. */
const expanded = (pattern: string): ReadonlyArray<string> => {
  const inner = /\{([^{}]*)\}/.exec(pattern)
  if (inner === null) return [pattern]
  const [whole, branches = ""] = inner
  const [before, after] = [pattern.slice(0, inner.index), pattern.slice(inner.index + whole.length)]
  return branches.split(",").flatMap((branch) => expanded(before + branch + after))
}

const withPrefix = (prefix: string, patterns: ReadonlyArray<string>) =>
  patterns.flatMap(expanded).map((path) => `${prefix}/${path}`.split("/"))

const byRoot = [
  ...withPrefix("year/month/day", byDay),
  ...withPrefix("year/month/day/hour", byHour),
  ...withPrefix("year/month/day/hour/minute", byMinute)
]

/** The same tree below `media-company`, which is not repeated further down. */
const byMediaCompany = byRoot.map((path) => [
  "media-company",
  ...path.filter((dimension) => dimension !== "media-company")
])

/** The dimensions that a report can be drilled down to, by its path. */
const children = new Map<string, ReadonlyArray<string>>([["", []]])

for (const path of [...byRoot, ...byMediaCompany]) {
  path.forEach((dimension, depth) => {
    const parent = path.slice(0, depth).join("/")
    const known = children.get(parent) ?? []
    if (!known.includes(dimension)) children.set(parent, [...known, dimension])
    const own = path.slice(0, depth + 1).join("/")
    if (!children.has(own)) children.set(own, [])
  })
}

/** Undefined for a combination that is not in the tree. */
export const drillDowns = (path: ReadonlyArray<string>): ReadonlyArray<string> | undefined =>
  children.get(path.join("/"))
