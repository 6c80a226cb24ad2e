import type { Contender } from "../contender.js"
import { peers } from "./index.js"
import { ours } from "./ours.js"

/** As the library comes, and all peers. */
export const all: ReadonlyArray<Contender> = [ours(), ...peers]

/** For a process of its own, which is told a name. */
export const contenderNamed = (name: string | undefined): Contender => {
  const found = all.find((contender) => contender.name === name)
  if (found === undefined) throw new Error(`no contender ${name}`)
  return found
}
