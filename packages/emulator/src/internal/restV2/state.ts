/** What an emulator remembers of REST API v2, beside the clients and tokens of its registry. */
import type { World } from "../../World.js"
import { MvpdFailures } from "./mvpdFailures.js"
import { ProfileStore } from "./profileStore.js"
import { SessionStore } from "./sessionStore.js"
import { TempPassUses } from "./tempPassUse.js"

export class RestV2State {
  readonly sessions = new SessionStore()
  readonly profiles = new ProfileStore()
  readonly tempPasses = new TempPassUses()
  readonly failures = new MvpdFailures()

  constructor(public world: World) {}
}
