/** What throttling has met, and whether the devices behind this machine have buckets of their own. */
import { BlockList, isIPv6 } from "node:net"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Ref from "effect/Ref"
import * as Options from "effect-adobe-pass/Options"
import type * as Caller from "../Caller.js"
import { ExitCode } from "../ExitCode.js"
import { span } from "../Time.js"
import { type Check, type Facts, type Finding, need } from "./check.js"
import { error, note, ok, warning } from "./findings.js"
import type { Counts } from "./traffic.js"

const privateAddresses = new BlockList()
for (const [net, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.168.0.0", 16]
] as const) {
  privateAddresses.addSubnet(net, prefix, "ipv4")
}
for (const [net, prefix] of [
  ["::1", 128],
  ["fc00::", 7],
  ["fe80::", 10]
] as const) {
  privateAddresses.addSubnet(net, prefix, "ipv6")
}

/** Whether an address means nothing outside of its network, or of its host. */
export const isPrivate = (address: string): boolean =>
  privateAddresses.check(address, isIPv6(address) ? "ipv6" : "ipv4")

/** Adobe Pass counts by the address that is forwarded. Addresses are not shown. */
const forwarded = ({ _tag, device: { ip } }: Caller.Caller): ReadonlyArray<Finding> => {
  if (_tag === "Instance") return []
  if (ip === undefined) {
    return [
      note(
        "No address is forwarded for the device: all devices that this machine speaks for share one bucket.",
        "Unless this machine is the device, give its public address with --device-ip."
      )
    ]
  }
  return isPrivate(Redacted.value(ip))
    ? [
        error(
          ExitCode.configuration,
          "The address that is forwarded for the device is private: all users behind such addresses share one bucket.",
          "Forward the public address from which the device calls you; behind a proxy of yours it stands in X-Forwarded-For."
        )
      ]
    : []
}

const met = ({ sent, throttled, waited }: Counts): Finding => {
  const requests = `${sent} ${sent === 1 ? "request" : "requests"}`
  return throttled === 0
    ? ok(`${requests} answered, none with 429; ${waited} waited for a turn.`)
    : warning(
        `Adobe Pass answered 429 to ${throttled} of ${requests}.`,
        "Find out what else sends from this address or device, and whether the devices' own addresses are forwarded."
      )
}

const limits = ({ application }: Facts): Effect.Effect<ReadonlyArray<Finding>> =>
  Options.throttle.check(application?.throttle).pipe(
    Effect.map(({ burst, maxWait, rate, replenish }) => [
      ok(
        `Limits: ${burst + 1} requests at once, then ${rate} a second (${replenish}); a request waits ${
          Number.isFinite(maxWait) ? span(maxWait) : "without limit"
        } at most.`
      )
    ]),
    // The configuration has been checked before.
    Effect.orElseSucceed(() => [])
  )

export const throttle: Check = {
  name: "throttle",
  run: (facts, { traffic }) =>
    Effect.gen(function* () {
      yield* need(facts, "application")
      const counts = yield* Ref.get(traffic)
      return {
        findings: [
          ...(counts.sent === 0 ? [] : [met(counts)]),
          ...(yield* limits(facts)),
          ...(facts.caller === undefined ? [] : forwarded(facts.caller))
        ]
      }
    })
}
