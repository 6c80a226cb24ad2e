/** Pools of connections to one address. */
import * as Undici from "undici"

/** A client that does not count as busy for its pool after it has refused a request, which undici's own does for ever. */
class PooledClient extends Undici.Client {
  override dispatch(
    options: Undici.Dispatcher.DispatchOptions,
    handler: Undici.Dispatcher.DispatchHandler
  ): boolean {
    return super.dispatch(options, handler) || (this.stats.size === 0 && !this.closed && !this.destroyed)
  }
}

/** @internal */
export type PoolFactory = (origin: string | URL, options: Undici.Pool.Options) => Undici.Pool

/**
 * Makes pools and adds them to a set. For one connection, too: the queue of a pool has the requests as they were
 * dispatched, that of a client has copies. @internal
 */
export const poolFactory =
  (pools: Set<Undici.Dispatcher>): PoolFactory =>
  (origin, options) => {
    const pool = new Undici.Pool(origin, {
      ...options,
      factory: (url, client) => new PooledClient(url, client)
    })
    pools.add(pool)
    return pool
  }
