/** A cache of resolved addresses. */
import * as dns from "node:dns"
import type { LookupFunction } from "node:net"
import type * as Clock from "effect/Clock"

type Callback = Parameters<LookupFunction>[2]
type Addresses = ReadonlyArray<dns.LookupAddress>

interface Entry {
  readonly expiresAt: bigint
  readonly addresses: Addresses
}

const respond = (callback: Callback, addresses: Addresses, all: boolean): void => {
  const [first] = addresses
  if (all || first === undefined) callback(null, [...addresses])
  else callback(null, first.address, first.family)
}

/**
 * A `lookup` function for connections that caches what the system's resolver finds for `ttl` milliseconds. Concurrent
 * lookups of a name share one query. Failures are not cached. @internal
 */
export const cachedLookup = (clock: Clock.Clock, ttl: number): LookupFunction => {
  const lifetime = BigInt(Math.round(ttl * 1_000_000))
  const entries = new Map<string, Entry>()
  const pending = new Map<string, Array<Callback>>()

  return (hostname, options, callback) => {
    const all = options.all === true
    const key = JSON.stringify([hostname, options.family, options.hints])
    const entry = entries.get(key)
    if (entry !== undefined && clock.unsafeCurrentTimeNanos() < entry.expiresAt) {
      // Asynchronous like the system's lookup: a connection does not expect the callback before this returns.
      process.nextTick(respond, callback, entry.addresses, all)
      return
    }
    const deliver: Callback = (error, addresses) => {
      if (error === null && Array.isArray(addresses)) respond(callback, addresses, all)
      else callback(error, [])
    }
    const waiting = pending.get(key)
    if (waiting !== undefined) {
      waiting.push(deliver)
      return
    }
    const callbacks = [deliver]
    pending.set(key, callbacks)
    dns.lookup(hostname, { ...options, all: true }, (error, addresses) => {
      pending.delete(key)
      entries.delete(key)
      if (error === null) {
        entries.set(key, { expiresAt: clock.unsafeCurrentTimeNanos() + lifetime, addresses })
      }
      for (const each of callbacks) each(error, addresses)
    })
  }
}
