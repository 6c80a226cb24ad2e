import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { OfAnyone } from "../Identity.js"
import type { Permit, Preauthorization } from "../Preauthorization.js"
import { nameOf } from "./deciding.js"
import { RecentlyUsed } from "./recentlyUsed.js"

interface Kept {
  readonly permit: Permit
  readonly until: number
}

/** The permits of one person. */
export interface OfPerson {
  /** Keeps the permits among the decisions. */
  readonly add: (decided: ReadonlyArray<Preauthorization>, until: number) => void
  /** The resources without a permit that counts now, and the permits of the others. */
  readonly split: (
    resources: ReadonlyArray<string>,
    now: number
  ) => [others: Array<string>, permits: Array<Permit>]
}

const valueOf = (token: Redacted.Redacted<string> | undefined): string | null =>
  token === undefined ? null : Redacted.value(token)

/** For whom a call asks: tokens of single sign-on stand for a person, whatever the device. */
const personOf = ({
  partnerFrameworkStatus,
  rokuToken,
  serviceToken,
  subjectToken,
  tempPassIdentity
}: OfAnyone) => [
  ...[subjectToken, rokuToken, serviceToken].map(valueOf),
  partnerFrameworkStatus ?? null,
  tempPassIdentity ?? null
]

/** The permits of a device with an MVPD. */
export class Permits {
  readonly #permits: RecentlyUsed<Kept>

  constructor(capacity: number) {
    this.#permits = new RecentlyUsed(capacity)
  }

  of(identity: OfAnyone): OfPerson {
    const person = personOf(identity)
    const keyOf = (resource: string): string => JSON.stringify([nameOf(resource), ...person])
    return {
      add: (decided, until) => {
        for (const decision of decided) {
          if (decision._tag !== "PreauthorizationPermit") continue
          this.#permits.set(keyOf(decision.resource), { permit: decision, until })
        }
      },
      split: (resources, now) =>
        Arr.partitionMap(resources, (resource) => {
          const kept = this.#permits.get(keyOf(resource))
          return kept !== undefined && now < kept.until ? Either.right(kept.permit) : Either.left(resource)
        })
    }
  }
}
