/** The operations of the group `partnerSingleSignOn`. */
import * as Crypto from "node:crypto"
import * as HttpApiBuilder from "@effect/platform/HttpApiBuilder"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import * as UrlParams from "@effect/platform/UrlParams"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { PartnerFrameworkStatus } from "effect-adobe-pass-rest-v2/Identity"
import type { Profiles } from "effect-adobe-pass-rest-v2/Profile"
import { RestV2Api } from "effect-adobe-pass-rest-v2/RestV2Api"
import type { Session } from "effect-adobe-pass-rest-v2/Session"
import type { Profile as StoredProfile } from "../../SavedState.js"
import type { Mvpd, ServiceProvider, World } from "../../World.js"
import { json } from "../answer.js"
import { answering, toResponse } from "./answering.js"
import { type Caller, caller } from "./caller.js"
import { serviceProviderOf } from "./catalog.js"
import { degradedProfile, isOpenToAll } from "./degraded.js"
import { Emulated, failing, now, type Refused, refuse } from "./emulated.js"
import { newSession } from "./newSession.js"
import {
  authenticate,
  authorize,
  checkedParameters,
  type Form,
  knownWith,
  missingOf,
  resume
} from "./nextStep.js"
import { chosenMvpd, isPartner, mappedMvpd } from "./partnerStatus.js"
import { personOfResponse, samlRequest } from "./saml.js"
import { shownProfile } from "./signedIn.js"
import { nobody } from "./subjects.js"

type Path = { readonly serviceProvider: string; readonly partner: string }
type Status = PartnerFrameworkStatus | undefined

const partnerOf = (path: Path): Effect.Effect<ServiceProvider, Refused, Emulated> =>
  Effect.filterOrFail(
    serviceProviderOf(path.serviceProvider),
    () => isPartner(path.partner),
    () => refuse("invalid_parameter_partner")
  )

const partnerProfile = (path: Path, mvpd: Mvpd): Session => ({
  _tag: "PartnerProfile",
  actionName: "partner_profile",
  actionType: "direct",
  reasonType: "none",
  url: `/api/v2/${encodeURIComponent(path.serviceProvider)}/profiles/sso/${encodeURIComponent(path.partner)}`,
  sessionId: Crypto.randomUUID(),
  mvpd: mvpd.id,
  serviceProvider: path.serviceProvider,
  authenticationRequest: samlRequest()
})

/** Why the partner cannot sign the person in, so that they sign in as everybody does. */
const fallbackOf = (
  world: World,
  provider: ServiceProvider,
  status: Status,
  nowMillis: number
): Either.Either<Mvpd, "pfs_fallback" | "configuration_fallback"> =>
  Either.match(chosenMvpd(world, status, nowMillis), {
    onLeft: (error) =>
      Either.left(
        error === "invalid_header_pfs_provider_id_not_determined" ? "configuration_fallback" : "pfs_fallback"
      ),
    onRight: (mvpd) =>
      provider.mvpds.includes(mvpd.id) && mvpd.boardingStatus === "SUPPORTED"
        ? Either.right(mvpd)
        : Either.left("configuration_fallback")
  })

const requestAuthentication = (
  from: Caller,
  path: Path,
  form: Form,
  status: Status
): Effect.Effect<Session, Refused, Emulated> =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const provider = yield* partnerOf(path)
    const nowMillis = yield* now
    const mapped = mappedMvpd(restV2.world, status)
    const isIntegrated = mapped !== undefined && provider.mvpds.includes(mapped.id)
    const { mvpd, parameters } = yield* checkedParameters(provider, {
      ...form,
      mvpd: isIntegrated ? mapped.id : undefined
    })
    if (mvpd !== undefined) {
      const holder = { ...from, serviceProvider: provider.id }
      const known = knownWith(restV2, holder, mvpd, { subjects: nobody, status }, nowMillis)
      if (known !== undefined) return authorize(holder, mvpd, known)
    }
    if (parameters.domainName === undefined || parameters.redirectUrl === undefined) {
      const session = yield* newSession(from, provider.id, parameters, nobody)
      return resume(session, "resume", "missing_parameters_fallback")
    }
    const chosen = fallbackOf(restV2.world, provider, status, nowMillis)
    if (Either.isRight(chosen)) return partnerProfile(path, chosen.right)
    const session = yield* newSession(from, provider.id, parameters, nobody)
    return missingOf(parameters).length === 0
      ? authenticate(session, chosen.left)
      : resume(session, "resume", chosen.left)
  })

const createProfile = (from: Caller, path: Path, samlResponse: string, status: Status) =>
  Effect.gen(function* () {
    const { restV2 } = yield* Emulated
    const provider = yield* partnerOf(path)
    const nowMillis = yield* now
    const chosen = chosenMvpd(restV2.world, status, nowMillis)
    if (Either.isLeft(chosen)) return yield* refuse(chosen.left)
    const mvpd = chosen.right
    if (!provider.mvpds.includes(mvpd.id)) return yield* refuse("invalid_integration")
    yield* failing(mvpd.id, "partner")
    if (isOpenToAll(restV2.world, mvpd)) {
      return toResponse(json(200, { profiles: { [mvpd.id]: degradedProfile(mvpd, from.device, nowMillis) } }))
    }
    const stored: StoredProfile = {
      clientId: from.clientId,
      device: from.device,
      serviceProvider: provider.id,
      mvpd: mvpd.id,
      type: "appleSSO",
      user: yield* personOfResponse(samlResponse, mvpd),
      subjects: nobody,
      notBefore: nowMillis,
      notAfter: nowMillis + mvpd.profileSeconds * 1000,
      invalidated: false
    }
    restV2.profiles.put(stored)
    const profiles: Profiles = {
      profiles: { [mvpd.id]: shownProfile(mvpd, { stored, type: "appleSSO" }) }
    }
    return profiles
  })

/** The contract demands what a client has to send; Adobe Pass asks for what is missing. */
const formOf = (request: HttpServerRequest.HttpServerRequest): Effect.Effect<Form> =>
  Effect.map(
    Effect.orElseSucceed(request.urlParamsBody, () => UrlParams.empty),
    (form) => ({
      domainName: Option.getOrUndefined(UrlParams.getFirst(form, "domainName")),
      redirectUrl: Option.getOrUndefined(UrlParams.getFirst(form, "redirectUrl"))
    })
  )

const requested = (request: HttpServerRequest.HttpServerRequest, path: Path, status: Status) =>
  answering(
    Effect.flatMap(Effect.zip(caller(request), formOf(request)), ([from, form]) =>
      requestAuthentication(from, path, form, status)
    )
  )

const created = (
  request: HttpServerRequest.HttpServerRequest,
  path: Path,
  samlResponse: Redacted.Redacted<string>,
  status: Status
) =>
  answering(
    Effect.flatMap(caller(request), (from) => createProfile(from, path, Redacted.value(samlResponse), status))
  )

export const partnerHandlers = HttpApiBuilder.group(RestV2Api, "partnerSingleSignOn", (handlers) =>
  handlers
    .handleRaw("requestAuthentication", ({ headers, path, request }) =>
      requested(request, path, headers["ap-partner-framework-status"])
    )
    .handle("createProfile", ({ headers, path, payload, request }) =>
      created(request, path, payload.SAMLResponse, headers["ap-partner-framework-status"])
    )
)
