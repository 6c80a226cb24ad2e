/** The operations of the group `sessions`. */
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import * as Effect from "effect/Effect"
import { RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"
import type { Session } from "effect-adobe-pass-rest-v2/Session"
import type { Session as StoredSession, Subjects } from "../../SavedState.js"
import { type Answer, json } from "../answer.js"
import { answering, toResponse } from "./answering.js"
import { type Caller, caller, optionalDevice } from "./caller.js"
import { serviceProviderOf } from "./catalog.js"
import { describeDevice } from "./deviceDescription.js"
import { Emulated, failing, now, type Refused } from "./emulated.js"
import { newSession } from "./newSession.js"
import {
  authenticate,
  authorize,
  checkedParameters,
  type Form,
  knownWith,
  missingOf,
  openSession,
  resume
} from "./nextStep.js"
import { subjectsOf } from "./subjects.js"

const create = (
  from: Caller,
  id: string,
  form: Form,
  subjects: Subjects
): Effect.Effect<Session, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const provider = yield* serviceProviderOf(id)
    const { mvpd, parameters } = yield* checkedParameters(provider, form)
    if (mvpd !== undefined) {
      yield* failing(mvpd.id, "sessions")
      const holder = { ...from, serviceProvider: id }
      const known = knownWith(restV2, holder, mvpd, { subjects, status: undefined }, yield* now)
      if (known !== undefined) return authorize(holder, mvpd, known)
    }
    const session = yield* newSession(from, id, parameters, subjects)
    return missingOf(parameters).length === 0 ? authenticate(session) : resume(session, "resume")
  })

/** A second screen may resume what a device has begun: the session stays the device's. */
const resumeWith = (id: string, code: string, form: Form): Effect.Effect<Session, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const provider = yield* serviceProviderOf(id)
    const nowMillis = yield* now
    const existing = yield* openSession(restV2, provider, code, nowMillis)
    const { mvpd, parameters } = yield* checkedParameters(provider, form, existing.parameters)
    if (mvpd !== undefined) yield* failing(mvpd.id, "sessions")
    const session = { ...existing, parameters }
    restV2.sessions.update(session)
    if (mvpd !== undefined) {
      const { sessionId, subjects } = session
      const known = knownWith(restV2, session, mvpd, { subjects, status: undefined }, nowMillis)
      if (known !== undefined) return authorize(session, mvpd, known, sessionId)
    }
    return missingOf(parameters).length === 0 ? authenticate(session) : resume(session, "retry")
  })

/** Every leaf of the device can be `null`, which the contract reads and does not write. */
const information = ({
  address,
  info = {},
  notAfter,
  notBefore,
  parameters,
  serviceProvider
}: StoredSession): Answer => {
  const missing = missingOf(parameters)
  return json(200, {
    existingParameters: { ...parameters, serviceProvider },
    ...(missing.length === 0 ? {} : { missingParameters: missing }),
    device: describeDevice(info, address),
    notBefore: String(notBefore),
    notAfter: String(notAfter)
  })
}

type Request = Parameters<typeof caller>[0]

const created = (request: Request, id: string, form: Form, subjects: Subjects) =>
  answering(Effect.flatMap(caller(request), (from) => create(from, id, form, subjects)))

const resumed = (request: Request, path: { serviceProvider: string; code: string }, form: Form) =>
  answering(Effect.zipRight(optionalDevice(request), resumeWith(path.serviceProvider, path.code, form)))

const retrieved = (request: Request, path: { serviceProvider: string; code: string }) =>
  answering(
    Effect.gen(function* () {
      yield* optionalDevice(request)
      const { restV2 } = yield* Emulated
      const provider = yield* serviceProviderOf(path.serviceProvider)
      return toResponse(information(yield* openSession(restV2, provider, path.code, yield* now)))
    })
  )

export const sessionHandlers = HttpApiBuilder.group(RestV2Api, "sessions", (handlers) =>
  handlers
    .handle("create", ({ headers, path, payload, request }) =>
      created(request, path.serviceProvider, payload, subjectsOf(headers))
    )
    .handle("resume", ({ path, payload, request }) => resumed(request, path, payload))
    .handle("retrieve", ({ path, request }) => retrieved(request, path))
)
