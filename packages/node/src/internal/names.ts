/** Addresses of names, remembered for a while. */
import * as dns from "node:dns"
import type { LookupFunction } from "node:net"
import type * as Clock from "effect/Clock"

type Callback = Parameters<LookupFunction>[2]

interface Found {
  readonly until: bigint
  readonly addresses: ReadonlyArray<dns.LookupAddress>
}

/**
 * A `lookup` for connections, with the system's resolver. Connections that are made at the same time ask once; a
 * failure is not remembered. `ttl` in milliseconds. @internal
 */
export const cachedLookup = (clock: Clock.Clock, ttl: number): LookupFunction => {
  const lifetime = BigInt(Math.round(ttl * 1_000_000))
  const known = new Map<string, Found>()
  const asked = new Map<string, Array<Callback>>()

  const answer = (callback: Callback, addresses: ReadonlyArray<dns.LookupAddress>, all: boolean): void => {
    const [first] = addresses
    if (all || first === undefined) callback(null, [...addresses])
    else callback(null, first.address, first.family)
  }

  return (hostname, options, callback) => {
    const all = options.all === true
    const key = JSON.stringify([hostname, options.family, options.hints])
    const found = known.get(key)
    if (found !== undefined && clock.unsafeCurrentTimeNanos() < found.until) {
      // Later, as from the system: a connection is not ready for an answer before this returns.
      process.nextTick(answer, callback, found.addresses, all)
      return
    }
    const deliver: Callback = (error, addresses) => {
      if (error === null && Array.isArray(addresses)) answer(callback, addresses, all)
      else callback(error, [])
    }
    const waiting = asked.get(key)
    if (waiting !== undefined) {
      waiting.push(deliver)
      return
    }
    const callbacks = [deliver]
    asked.set(key, callbacks)
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      asked.delete(key)
      known.delete(key)
      if (error === null) known.set(key, { until: clock.unsafeCurrentTimeNanos() + lifetime, addresses })
      for (const each of callbacks) each(error, addresses)
    })
  }
}
