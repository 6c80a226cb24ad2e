import type { Contender } from "../contender.js"
import { peers } from "./index.js"
import { ours } from "./ours.js"

/** The library where the service does not throttle, and all peers. */
export const all: ReadonlyArray<Contender> = [ours({ unthrottled: true }), ...peers]

/** For a process of its own, which is told a name. */
export const contenderNamed = (name: string | undefined): Contender => {
  const found = all.find((contender) => contender.name === name)
  if (found === undefined) throw new Error(`no contender ${name}`)
  return found
}
