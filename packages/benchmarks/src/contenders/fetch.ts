import type { Contender } from "../contender.js"
import { callByFetch, isFresh, registerByFetch, remember, tokenByFetch } from "./byHand.js"

export const contender: Contender = {
  open: async (target) => {
    const registered = remember(() => registerByFetch(target))
    const token = remember(async () => tokenByFetch(target, await registered()), isFresh)
    return {
      call: async (path) => callByFetch(target, path, (await token()).value)
    }
  }
}
