import * as Arr from "effect/Array"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import type { OfAnyone } from "../Identity.js"
import type { Permit, Preauthorization } from "../Preauthorization.js"
import { nameOf } from "./deciding.js"
import { RecentlyUsed } from "./recentlyUsed.js"

/** When a permit counts: not before `since`, to which a clock that is set back returns. */
interface Validity {
  readonly since: number
  readonly until: number
}

interface Kept extends Validity {
  readonly permit: Permit
}

/** The permits of one person. */
export interface OfPerson {
  /** Keeps the permits among the decisions. */
  readonly add: (decided: ReadonlyArray<Preauthorization>, validity: Validity) => void
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
    const person = JSON.stringify(personOf(identity))
    const keyOf = (resource: string): string => person + nameOf(resource)
    return {
      add: (decided, validity) => {
        for (const decision of decided) {
          if (decision._tag !== "PreauthorizationPermit") continue
          this.#permits.set(keyOf(decision.resource), { ...validity, permit: decision })
        }
      },
      split: (resources, now) =>
        Arr.partitionMap(resources, (resource) => {
          const kept = this.#permits.get(keyOf(resource))
          const counts = kept !== undefined && kept.since <= now && now < kept.until
          return counts ? Either.right(kept.permit) : Either.left(resource)
        })
    }
  }
}
