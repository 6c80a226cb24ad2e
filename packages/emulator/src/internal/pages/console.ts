/** The console: which page an address of it shows, and of what. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { ReceivedRequest } from "../../Traffic.js"
import type { Answer } from "../answer.js"
import { serverTime } from "../serverClock.js"
import type { Settings } from "../settings.js"
import type { State } from "../state.js"
import { apiPage, openApiJson } from "./console/api.js"
import { controlsPage } from "./console/controls.js"
import { devicesPage } from "./console/devices.js"
import { requestPage } from "./console/request.js"
import { requestsPage } from "./console/requests.js"
import { throttlePage } from "./console/throttle.js"

interface Moment {
  readonly state: State
  readonly settings: Settings
  /** By Effect's clock. */
  readonly now: number
  readonly query: URLSearchParams
  readonly origin: string
}

const isApproved = ({ registry, softwareStatement }: State): boolean =>
  Option.exists(registry.applicationOf(softwareStatement), (application) => registry.isApproved(application))

const views: Readonly<Record<string, (moment: Moment) => Answer>> = {
  "": ({ query, state: { log } }) => requestsPage(log.exchanges(), log.counts(), query),
  devices: ({ now, query, settings, state: { log, registry, restV2 } }) =>
    devicesPage({
      issued: registry.issued(),
      profiles: restV2.profiles.all(),
      sessions: restV2.sessions.all(),
      exchanges: log.exchanges(),
      now: serverTime(now, settings),
      query
    }),
  throttle: ({ now, settings, state }) => throttlePage(settings.limit, state.throttle.buckets(now)),
  controls: ({ now, query, settings, state }) =>
    controlsPage({
      faults: state.faults.queued(),
      approved: isApproved(state),
      providers: { world: state.restV2.world, failures: state.restV2.failures.waiting() },
      settings,
      now,
      query
    }),
  api: apiPage,
  "openapi.json": ({ origin }) => openApiJson(origin)
}

/** Undefined where the console has no page. */
export const consoleView = (
  state: State,
  name: string,
  { headers, query }: ReceivedRequest
): Effect.Effect<Answer> | undefined => {
  const number = /^requests\/(\d+)$/.exec(name)?.[1]
  if (number !== undefined) return Effect.sync(() => requestPage(state.log.exchanges(), Number(number)))
  const view = Object.hasOwn(views, name) ? views[name] : undefined
  return view === undefined
    ? undefined
    : Effect.zipWith(Clock.currentTimeMillis, Ref.get(state.settings), (now, settings) =>
        view({
          state,
          settings,
          now,
          query: new URLSearchParams(query),
          origin: `http://${headers["host"]}`
        })
      )
}
