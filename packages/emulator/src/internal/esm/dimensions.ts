/** The dimensions, and what they are of a batch. */
import { type Batch, hash } from "./happenings.js"

type Dimension = (batch: Batch) => string

const oneOf =
  (salt: number, ...values: ReadonlyArray<string>): Dimension =>
  ({ index }) =>
    values[hash(index, salt) % values.length] ?? ""

const platform = oneOf(10, "Android", "FireTV", "Roku", "iOS", "tvOS", "web")

const kits: Readonly<Record<string, string>> = {
  Android: "android",
  FireTV: "fireTV",
  iOS: "iOS",
  tvOS: "tvOS",
  web: "js"
}

const nsdk: Dimension = (batch) => kits[platform(batch)] ?? "non-sdk"
const event = oneOf(11, "authentication", "authorization")
const versions = oneOf(12, "3.4.0", "3.5.0")

/** Reports cannot be filtered by these. */
export const timeDimensions: Readonly<Record<string, Dimension>> = {
  year: ({ time }) => String(time.getUTCFullYear()),
  month: ({ time }) => String(time.getUTCMonth() + 1),
  day: ({ time }) => String(time.getUTCDate()),
  hour: ({ time }) => String(time.getUTCHours()),
  minute: ({ time }) => String(time.getUTCMinutes())
}

const otherDimensions: Readonly<Record<string, Dimension>> = {
  "media-company": ({ provider }) => provider.id,
  "requestor-id": ({ provider }) => provider.id,
  mvpd: ({ mvpd }) => mvpd.id,
  proxy: ({ mvpd }) => (mvpd.proxied ? "CentralProxy" : "Direct"),
  dc: oneOf(13, "or", "va"),
  channel: ({ index, provider }) =>
    `${provider.id.toLowerCase()}-${["live", "news", "sports"][hash(index, 14) % 3]}`,
  "resource-id": ({ index, provider }) =>
    `${provider.id.toLowerCase()}-${["live", "news", "sports"][hash(index, 14) % 3]}`,
  "content-category": oneOf(15, "N/A", "news", "sports"),
  device: oneOf(16, "mobile", "tv", "desktop"),
  eap: oneOf(17, "N/A", "N/A", "Apple"),
  "os-family": platform,
  "os-type": platform,
  "browser-family": oneOf(18, "N/A", "Chrome", "Safari"),
  "browser-version": oneOf(19, "N/A", "126", "17.5"),
  cdt: oneOf(20, "N/A", "Unknown", "setTopBox"),
  platform,
  "platform-version": oneOf(21, "9.1", "14.0"),
  nsdk,
  "nsdk-version": (batch) => (nsdk(batch) === "non-sdk" ? "N/A" : versions(batch)),
  event,
  reason: (batch) => `${event(batch)}_${["denied", "timeout"][hash(batch.index, 22) % 2]}`,
  arch: oneOf(23, "client", "clientless"),
  "sso-type": oneOf(24, "platform", "passive", "adobe"),
  // A name that writers of CSV and XML have to take care of.
  "application-name": oneOf(25, 'Big "Screen", TV & Radio', "Companion"),
  "application-version": oneOf(26, "1.0.0", "2.1.3"),
  "application-software-id": oneOf(27, "d2b1c5e0-01", "d2b1c5e0-02"),
  "customer-app": oneOf(28, "N/A", "living-room"),
  api: oneOf(29, "SDK", "REST API V1", "REST API V2")
}

export const dimensions: Readonly<Record<string, Dimension>> = { ...timeDimensions, ...otherDimensions }
