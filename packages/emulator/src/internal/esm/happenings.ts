/** What happened in the emulated world: four batches of sign-ins and decisions an hour, the same ones in each run. */
import type { Mvpd, ServiceProvider, World } from "../../World.js"

/** Sign-ins and decisions of one kind in one minute. A report counts them, so that every two reports agree. */
export interface Batch {
  /** Quarters of an hour since 1970, Pacific time. */
  readonly index: number
  /** Pacific time, in the UTC fields. */
  readonly time: Date
  readonly provider: ServiceProvider
  readonly mvpd: Mvpd
}

const quarter = 900_000

/** A number that follows from the two and looks random: the finalizer of MurmurHash3. */
export const hash = (index: number, salt: number): number => {
  let mixed = Math.imul(index ^ Math.imul(salt + 1, 0x9e37_79b1), 0x85eb_ca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}

const chosen = <A>(values: ReadonlyArray<A>, index: number, salt: number): A | undefined =>
  values[hash(index, salt) % values.length]

/** The batches of a period, oldest first. Times are milliseconds of Pacific time. */
export function* batches(world: World, start: number, end: number): Iterable<Batch> {
  const providers = world.serviceProviders.filter(({ mvpds }) => mvpds.length > 0)
  const mvpds = new Map(world.mvpds.map((mvpd) => [mvpd.id, mvpd]))
  for (let index = Math.floor(start / quarter); index * quarter < end; index++) {
    const time = index * quarter + (hash(index, 1) % 15) * 60_000
    const provider = chosen(providers, index, 2)
    const mvpd = mvpds.get(chosen(provider?.mvpds ?? [], index, 3) ?? "")
    if (provider === undefined || mvpd === undefined || time < start || time >= end) continue
    yield { index, time: new Date(time), provider, mvpd }
  }
}
