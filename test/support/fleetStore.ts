import { Clock, Effect, Layer, Option } from "effect"
import { CredentialStore, Lease, type SessionKey, StoreBackend } from "effect-adobe-pass"

interface Row {
  record: string | undefined
  owner: string | undefined
  begun: boolean
  fence: number
  expires: number
}

/** A database of several nodes, in memory: records and leases on a clock of its own, as a real one has. */
export const makeDatabase = (
  options: { readonly lease?: Lease.LeaseOptions; readonly clock?: Clock.Clock } = {}
) => {
  const rows = new Map<SessionKey.SessionKey, Row>()
  const log: Array<string> = []
  const rowOf = (key: SessionKey.SessionKey): Row => {
    const row = rows.get(key) ?? { record: undefined, owner: undefined, begun: false, fence: 0, expires: 0 }
    rows.set(key, row)
    return row
  }
  const now = options.clock === undefined ? Clock.currentTimeMillis : options.clock.currentTimeMillis
  const leases: StoreBackend.LeaseBackend = {
    acquire: (key, owner, ttl, expected) =>
      Effect.map(now, (at) => {
        const row = rowOf(key)
        if (row.owner !== undefined && row.owner !== owner && row.expires > at) return Option.none()
        const takenOver = row.owner !== undefined && row.owner !== owner
        const unfinished = takenOver && row.begun
        row.begun = row.record === Option.getOrUndefined(expected)
        row.owner = owner
        row.fence += 1
        row.expires = at + ttl
        log.push(takenOver ? "take over" : "acquire")
        return Option.some({ fence: row.fence, unfinished, record: Option.fromNullable(row.record) })
      }),
    renew: (key, owner, ttl) =>
      Effect.map(now, (at) => {
        const row = rowOf(key)
        if (row.owner !== owner) return false
        row.expires = at + ttl
        log.push("renew")
        return true
      }),
    compareAndSet: (key, expected, next, lease) =>
      Effect.suspend(() => {
        const row = rowOf(key)
        if (row.record !== Option.getOrUndefined(expected)) return Effect.succeed(false)
        if (lease !== undefined && row.owner !== lease.owner) {
          return Effect.fail({ reason: "Locked", code: StoreBackend.leaseLost } as const)
        }
        row.record = next
        if (lease !== undefined) row.owner = undefined
        return Effect.succeed(true)
      }),
    release: (key, owner) =>
      Effect.sync(() => {
        const row = rowOf(key)
        if (row.owner !== owner) return
        row.owner = undefined
        log.push("release")
      })
  }
  const backend: Omit<StoreBackend.StoreBackend, "compareAndSet" | "lock"> = {
    read: (key) => Effect.sync(() => Option.fromNullable(rowOf(key).record)),
    remove: (key) =>
      Effect.sync(() => {
        rowOf(key).record = undefined
      })
  }
  /** The store of one node. */
  const node = (storeOptions?: CredentialStore.StoreOptions) =>
    Effect.flatMap(Lease.make(leases, options.lease), (locked) =>
      CredentialStore.make({ ...backend, ...locked }, storeOptions)
    )
  const layer = (storeOptions?: CredentialStore.StoreOptions) =>
    Layer.orDie(Layer.scoped(CredentialStore.CredentialStore, node(storeOptions)))
  return { leases, log, rows, node, layer: layer(), layerWith: layer }
}
