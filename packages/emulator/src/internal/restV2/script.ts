/** The part of the script API that is about REST API v2. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Profile, SavedState } from "../../SavedState.js"
import { type ProfileFilter, type Script, type SignIn, SignInRefused } from "../../Script.js"
import type { Degradation, Person, World } from "../../World.js"
import { serverNow } from "../serverClock.js"
import type { State } from "../state.js"
import { signInAs } from "./browser.js"
import { findMvpd } from "./catalog.js"
import type { RestV2State } from "./state.js"

const isMeant =
  (filter: ProfileFilter) =>
  (profile: Profile): boolean =>
    (filter.clientId === undefined || filter.clientId === profile.clientId) &&
    (filter.device === undefined || filter.device === profile.device) &&
    (filter.serviceProvider === undefined || filter.serviceProvider === profile.serviceProvider) &&
    (filter.mvpd === undefined || filter.mvpd === profile.mvpd)

/** An MVPD that the world does not have would make it a world that no emulator accepts. */
const degraded = (world: World, mvpd: string, next: ReadonlyArray<Degradation>): World =>
  findMvpd(world, mvpd) === undefined
    ? world
    : {
        ...world,
        degradations: [...world.degradations.filter((degradation) => degradation.mvpd !== mvpd), ...next]
      }

const withPlan = ({ resources: _, ...person }: Person, resources: ReadonlyArray<string> | "all"): Person =>
  resources === "all" ? person : { ...person, resources }

const planned = (
  world: World,
  mvpd: string,
  user: string,
  resources: ReadonlyArray<string> | "all"
): World => ({
  ...world,
  mvpds: world.mvpds.map((known) =>
    known.id === mvpd
      ? {
          ...known,
          people: known.people.map((person) => (person.user === user ? withPlan(person, resources) : person))
        }
      : known
  )
})

const exported = ({ registry, restV2 }: State): SavedState => ({
  version: 1,
  issued: registry.exported(),
  world: restV2.world,
  sessions: restV2.sessions.all(),
  profiles: restV2.profiles.all(),
  tempPasses: restV2.tempPasses.all()
})

const imported = (
  { registry, restV2 }: State,
  { issued, profiles, sessions, tempPasses, world }: SavedState
): void => {
  registry.imported(issued)
  restV2.world = world
  restV2.sessions.replaceAll(sessions)
  restV2.profiles.replaceAll(profiles)
  restV2.tempPasses.replaceAll(tempPasses)
}

const signIn = (state: State, who: SignIn) =>
  Effect.flatMap(serverNow(state.settings), (nowMillis) =>
    Either.match(signInAs(state.restV2, who, nowMillis), {
      onLeft: (reason) => new SignInRefused({ reason }),
      onRight: () => Effect.void
    })
  )

type RestV2Script = Pick<
  Script,
  | "signIn"
  | "profiles"
  | "sessions"
  | "revokeProfiles"
  | "expireProfiles"
  | "degrade"
  | "mvpdFails"
  | "setPlan"
  | "world"
  | "setWorld"
  | "exportState"
  | "importState"
>

export const restV2Script = (state: State): RestV2Script => {
  const restV2: RestV2State = state.restV2
  const setWorld = (change: (world: World) => World) =>
    Effect.sync(() => {
      restV2.world = change(restV2.world)
    })
  return {
    signIn: (who) => signIn(state, who),
    profiles: Effect.sync(() => restV2.profiles.all()),
    sessions: Effect.sync(() => restV2.sessions.all()),
    revokeProfiles: (which = {}) =>
      Effect.sync(() => restV2.profiles.change(isMeant(which), { invalidated: true })),
    expireProfiles: (which = {}) =>
      Effect.map(serverNow(state.settings), (notAfter) =>
        restV2.profiles.change(isMeant(which), { notAfter })
      ),
    degrade: (mvpd, rule, message) =>
      setWorld((world) =>
        degraded(
          world,
          mvpd,
          rule === "none" ? [] : [{ mvpd, rule, ...(message === undefined ? {} : { message }) }]
        )
      ),
    mvpdFails: (failure) => Effect.sync(() => restV2.failures.add(failure)),
    setPlan: (mvpd, user, resources) => setWorld((world) => planned(world, mvpd, user, resources)),
    world: Effect.sync(() => restV2.world),
    setWorld: (world) => setWorld(() => world),
    exportState: Effect.sync(() => exported(state)),
    importState: (saved) => Effect.sync(() => imported(state, saved))
  }
}
