/**
 * REST API v2: every call that a streaming device or a second screen makes, typed.
 *
 * @since 0.1.0
 */
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { type CallRefused, InvalidInput } from "effect-adobe-pass/AdobePassError"
import type { CurrentDevice, CurrentInstance } from "effect-adobe-pass/Device"
import * as EnhancedError from "effect-adobe-pass/EnhancedError"
import * as ProtectedClient from "effect-adobe-pass/ProtectedClient"
import { RegisteredApplication } from "effect-adobe-pass/RegisteredApplication"
import * as Authorization from "./Authorization.js"
import type { Configuration } from "./Configuration.js"
import type { Decision } from "./Decision.js"
import * as Identity from "./Identity.js"
import { type CallError, derive, unsendable } from "./internal/client.js"
import { Segment } from "./internal/wire.js"
import type { Logout, Logouts } from "./Logout.js"
import * as Preauthorization from "./Preauthorization.js"
import type { Profiles } from "./Profile.js"
import type { Session, SessionInformation } from "./Session.js"

/**
 * What a call fails with: everything that a protected call fails with, but for a foreign host, since all calls are to the
 * environment's own. `InvalidInput` says that a parameter cannot be sent; `UnexpectedResponse`, with paths, that an answer
 * lacks what Adobe Pass always sends.
 *
 * @since 0.1.0
 * @category errors
 */
export type RestV2Error = CallError

/**
 * @since 0.1.0
 * @category models
 */
export interface OfProvider {
  /** The id of the service provider, which Adobe also calls requestor. */
  readonly serviceProvider: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OfMvpd extends OfProvider {
  readonly mvpd: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OfCode extends OfProvider {
  /** The code of an authentication session. */
  readonly code: string
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OfPartnerName extends OfProvider {
  /** @default "Apple" */
  readonly partner?: string | undefined
}

/**
 * The parameters of a session. Each may be left out; the answer then asks to resume with those that are missing.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionParameters {
  readonly mvpd?: string | undefined
  /** One of the domains of the configuration. */
  readonly domainName?: string | undefined
  /** Where the browser lands in the end. */
  readonly redirectUrl?: string | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface OfResources {
  /** The ids of resources, simple or MRSS. MVPDs accept 5 for a preauthorization and 1 for an authorization, usually. */
  readonly resources: ReadonlyArray<string>
}

type Call<Parameters, A, R> = (parameters: Parameters) => Effect.Effect<A, RestV2Error, R>

/**
 * The calls of a second screen: what a person uses to sign in for a streaming device that shows a code. They are made as
 * `CurrentInstance`, and do not describe a device.
 *
 * @since 0.1.0
 * @category models
 */
export interface SecondScreen {
  readonly configuration: {
    /** The MVPDs to choose from. */
    readonly retrieve: Call<OfProvider, Configuration, CurrentInstance>
  }
  readonly sessions: {
    /** Adds the parameters that the session of a code lacks. A code that was mistyped fails with `RequestRejected`. */
    readonly resume: Call<OfCode & SessionParameters & Identity.OfVisitor, Session, CurrentInstance>
    /** What the session of a code has, and lacks: check a typed code with it before a browser goes anywhere. */
    readonly retrieve: Call<OfCode & Identity.OfVisitor, SessionInformation, CurrentInstance>
  }
  readonly profiles: {
    /** The profile that the session of a code has led to; an empty map while nobody has signed in. */
    readonly forCode: Call<
      OfCode & Identity.OfVisitor & Identity.OfTempPass,
      Profiles["profiles"],
      CurrentInstance
    >
  }
}

/**
 * REST API v2, grouped as Adobe groups it.
 *
 * Each call is one protected call, with its retries, pacing and errors (`ProtectedClient`). POSTs of sessions and
 * decisions are repeated after an outage, because a second one does no harm; the creation of a partner profile is not.
 * Nothing is cached, and no URL of an answer is ever requested. Interrupting a call aborts it.
 *
 * @since 0.1.0
 * @category models
 */
export interface RestV2 {
  readonly configuration: {
    /** The MVPDs and domains of a service provider. Ask for them only when a person has to choose an MVPD. */
    readonly retrieve: Call<OfProvider, Configuration, CurrentDevice>
  }
  readonly sessions: {
    /** Creates an authentication session. The code of an earlier one of the device is void from then on. */
    readonly create: Call<
      OfProvider & SessionParameters & Identity.OfVisitor & Identity.OfPlatform,
      Session,
      CurrentDevice
    >
    /** Adds the parameters that the session of a code lacks. */
    readonly resume: Call<OfCode & SessionParameters & Identity.OfVisitor, Session, CurrentDevice>
    /** What the session of a code has, and lacks. */
    readonly retrieve: Call<OfCode & Identity.OfVisitor, SessionInformation, CurrentDevice>
    /**
     * The URL that a browser opens for a person to sign in. Nothing is requested; `InvalidInput` when the code or the
     * service provider cannot stand in a path.
     */
    readonly authenticateUrl: (parameters: OfCode) => Either.Either<string, InvalidInput>
  }
  readonly profiles: {
    /** All profiles of the device, by MVPD; an empty map when nobody is signed in. */
    readonly all: Call<
      OfProvider & Identity.OfVisitor & Identity.OfPlatform & Identity.OfPartner,
      Profiles["profiles"],
      CurrentDevice
    >
    /** The profile with one MVPD. A TempPass that is used up fails with `AuthenticationRequired`. */
    readonly forMvpd: Call<OfMvpd & Identity.OfAnyone, Profiles["profiles"], CurrentDevice>
    /** The profile that the session of a code has led to; an empty map while nobody has signed in. */
    readonly forCode: Call<
      OfCode & Identity.OfVisitor & Identity.OfTempPass,
      Profiles["profiles"],
      CurrentDevice
    >
  }
  readonly decisions: {
    /**
     * Decides on resources, right before they are played. A denial is a value, and never a success of another type; the
     * media token of a permit is good for one play request.
     */
    readonly authorize: Call<
      OfMvpd & OfResources & Identity.OfAnyone,
      ReadonlyArray<Authorization.Authorization>,
      CurrentDevice
    >
    /** Decides which resources of a catalogue to show. */
    readonly preauthorize: Call<
      OfMvpd & OfResources & Identity.OfAnyone,
      ReadonlyArray<Preauthorization.Preauthorization>,
      CurrentDevice
    >
  }
  readonly logout: {
    /**
     * Removes the profile of an MVPD, at once, and says what is left to do; a URL to open is absolute. Only when a person
     * asks for it. The client credentials stay.
     */
    readonly initiate: Call<
      OfMvpd & { readonly redirectUrl?: string | undefined } & Identity.OfVisitor & Identity.OfPlatform,
      Logouts["logouts"],
      CurrentDevice
    >
  }
  readonly partnerSingleSignOn: {
    /** Asks for the request that the framework of the partner answers, or for what to do instead. */
    readonly requestAuthentication: Call<
      OfPartnerName & { readonly domainName: string; readonly redirectUrl: string } & Identity.OfVisitor &
        Required<Identity.OfPartner>,
      Session,
      CurrentDevice
    >
    /** Creates the profile from the SAML answer of the framework, in base64. */
    readonly createProfile: Call<
      OfPartnerName & { readonly samlResponse: Redacted.Redacted<string> } & Identity.OfVisitor &
        Required<Identity.OfPartner>,
      Profiles["profiles"],
      CurrentDevice
    >
  }
  /** The calls of a second screen, which do not describe a device. */
  readonly withoutDevice: SecondScreen
}

/**
 * @effect-expect-leaking CurrentDevice CurrentInstance
 * @since 0.1.0
 * @category tags
 */
export const RestV2: Context.Tag<RestV2, RestV2> = Context.GenericTag<RestV2>(
  "effect-adobe-pass-rest-v2/RestV2"
)

type Client<R> = Effect.Effect.Success<ReturnType<typeof derive<R>>>

const sessionOf = ({ domainName, mvpd, redirectUrl }: SessionParameters) => ({
  domainName,
  mvpd,
  redirectUrl
})

const profilesOf = ({ profiles }: Profiles) => profiles

/** The calls that are made for a streaming device and on a second screen. */
const sharedCalls = <R>({ call, configuration, profiles, sessions }: Client<R>) => ({
  configuration: {
    retrieve: (path: OfProvider) => call(configuration.retrieve({ path }))
  },
  sessions: {
    resume: (parameters: OfCode & SessionParameters & Identity.OfVisitor) =>
      call(
        sessions.resume({
          path: parameters,
          headers: Identity.headersOf(parameters),
          payload: sessionOf(parameters)
        })
      ).pipe(ProtectedClient.repeatable),
    retrieve: (parameters: OfCode & Identity.OfVisitor) =>
      call(sessions.retrieve({ path: parameters, headers: Identity.headersOf(parameters) }))
  },
  profiles: {
    forCode: (parameters: OfCode & Identity.OfVisitor & Identity.OfTempPass) =>
      Effect.map(
        call(profiles.forCode({ path: parameters, headers: Identity.headersOf(parameters) })),
        profilesOf
      )
  }
})

const toSegments = Schema.encodeEither(Schema.Struct({ serviceProvider: Segment, code: Segment }))

const authenticateUrl =
  (sp: string): RestV2["sessions"]["authenticateUrl"] =>
  (parameters) =>
    Either.mapBoth(toSegments(parameters), {
      onLeft: unsendable,
      onRight: ({ code, serviceProvider }) => `${sp}/api/v2/authenticate/${serviceProvider}/${code}`
    })

const sessionCalls = ({ call, sessions }: Client<CurrentDevice>) => ({
  create: (parameters: OfProvider & SessionParameters & Identity.OfVisitor & Identity.OfPlatform) =>
    call(
      sessions.create({
        path: parameters,
        headers: Identity.headersOf(parameters),
        payload: sessionOf(parameters)
      })
    ).pipe(ProtectedClient.repeatable)
})

const profileCalls = ({ call, profiles }: Client<CurrentDevice>) => ({
  all: (parameters: OfProvider & Identity.OfVisitor & Identity.OfPlatform & Identity.OfPartner) =>
    Effect.map(call(profiles.all({ path: parameters, headers: Identity.headersOf(parameters) })), profilesOf),
  forMvpd: (parameters: OfMvpd & Identity.OfAnyone) =>
    Effect.map(
      call(profiles.forMvpd({ path: parameters, headers: Identity.headersOf(parameters) })),
      profilesOf
    )
})

/** Why a resource was denied; none for a permit. */
const refusalOf = (
  calls: ProtectedClient.ProtectedClient,
  { authorized, error }: Decision,
  request: HttpClientRequest.HttpClientRequest
): Effect.Effect<Option.Option<CallRefused>, never, CurrentDevice> =>
  authorized
    ? Effect.succeedNone
    : Effect.asSome(
        calls.itemError(
          Option.getOrElse(EnhancedError.fromJson({ error }), () => ({})),
          request
        )
      )

const noResources = () =>
  new InvalidInput({ field: "resources", problem: "must be a list of at least one id" })

/** Decisions on resources as they were asked for: Adobe Pass may write them with a blank at their end. */
const asAsked = (resources: ReadonlyArray<string>): ((decision: Decision) => Decision) => {
  const asked = new Set(resources)
  const byName = new Map(resources.map((resource) => [resource.trim(), resource]))
  return (decision) => {
    const resource = asked.has(decision.resource) ? undefined : byName.get(decision.resource.trim())
    return resource === undefined ? decision : { ...decision, resource }
  }
}

const decisionCalls = (
  { call, decisions }: Client<CurrentDevice>,
  calls: ProtectedClient.ProtectedClient
) => {
  const decide = <A>(
    endpoint: "authorize" | "preauthorize",
    { resources, ...parameters }: OfMvpd & OfResources & Identity.OfAnyone,
    toResult: (decision: Decision, refused: Option.Option<CallRefused>) => A
  ): Effect.Effect<ReadonlyArray<A>, RestV2Error, CurrentDevice> => {
    if (!Array.isArray(resources) || resources.length === 0) return noResources()
    return call(
      decisions[endpoint]({
        path: parameters,
        headers: Identity.headersOf(parameters),
        payload: { resources },
        withResponse: true
      })
    ).pipe(
      ProtectedClient.repeatable,
      Effect.flatMap(([{ decisions }, { request }]) =>
        Effect.forEach(decisions.map(asAsked(resources)), (decision) =>
          Effect.map(refusalOf(calls, decision, request), (refused) => toResult(decision, refused))
        )
      )
    )
  }
  return {
    authorize: (parameters: OfMvpd & OfResources & Identity.OfAnyone) =>
      decide("authorize", parameters, Authorization.fromDecision),
    preauthorize: (parameters: OfMvpd & OfResources & Identity.OfAnyone) =>
      decide("preauthorize", parameters, Preauthorization.fromDecision)
  }
}

/** Adobe Pass also writes the path alone. */
const absolute = (sp: string, logout: Logout): Logout =>
  logout.url === undefined || !URL.canParse(logout.url, sp)
    ? logout
    : { ...logout, url: new URL(logout.url, sp).href }

const logoutCalls = ({ call, logout }: Client<CurrentDevice>, sp: string) => ({
  initiate: ({
    redirectUrl,
    ...parameters
  }: OfMvpd & { readonly redirectUrl?: string | undefined } & Identity.OfVisitor & Identity.OfPlatform) =>
    Effect.map(
      call(
        logout.initiate({
          path: parameters,
          headers: Identity.headersOf(parameters),
          urlParams: { redirectUrl }
        })
      ),
      ({ logouts }) => Record.map(logouts, (logout) => absolute(sp, logout))
    )
})

type PartnerParameters = OfPartnerName & Identity.OfVisitor & Required<Identity.OfPartner>

const partnerPath = ({ partner = "Apple", serviceProvider }: PartnerParameters) => ({
  partner,
  serviceProvider
})

const partnerCalls = ({ call, partnerSingleSignOn }: Client<CurrentDevice>) => ({
  requestAuthentication: (
    parameters: PartnerParameters & { readonly domainName: string; readonly redirectUrl: string }
  ) =>
    call(
      partnerSingleSignOn.requestAuthentication({
        path: partnerPath(parameters),
        headers: Identity.headersOf(parameters),
        payload: { domainName: parameters.domainName, redirectUrl: parameters.redirectUrl }
      })
    ).pipe(ProtectedClient.repeatable),
  createProfile: (parameters: PartnerParameters & { readonly samlResponse: Redacted.Redacted<string> }) =>
    Effect.map(
      call(
        partnerSingleSignOn.createProfile({
          path: partnerPath(parameters),
          headers: Identity.headersOf(parameters),
          payload: { SAMLResponse: parameters.samlResponse }
        })
      ),
      profilesOf
    )
})

/**
 * REST API v2 over the protected client.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<RestV2, never, ProtectedClient.ProtectedClient | RegisteredApplication> =
  Effect.gen(function* () {
    const calls = yield* ProtectedClient.ProtectedClient
    const { environment } = yield* RegisteredApplication
    const client = yield* derive<CurrentDevice>(calls)
    const shared = sharedCalls(client)
    return {
      configuration: shared.configuration,
      sessions: {
        ...sessionCalls(client),
        ...shared.sessions,
        authenticateUrl: authenticateUrl(environment.sp)
      },
      profiles: { ...profileCalls(client), ...shared.profiles },
      decisions: decisionCalls(client, calls),
      logout: logoutCalls(client, environment.sp),
      partnerSingleSignOn: partnerCalls(client),
      withoutDevice: sharedCalls(yield* derive<CurrentInstance>(calls.withoutDevice))
    }
  })

/**
 * `make` as a layer.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { RestV2 } from "effect-adobe-pass-rest-v2"
 *
 * const canPlay = Effect.gen(function* () {
 *   const { decisions } = yield* RestV2.RestV2
 *   const [decision] = yield* decisions.authorize({
 *     serviceProvider: "ACME",
 *     mvpd: "NorthCable",
 *     resources: ["acme-live"]
 *   })
 *   return decision?._tag === "AuthorizationPermit"
 * })
 *
 * const program = Effect.provide(canPlay, RestV2.layer)
 * ```
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<RestV2, never, ProtectedClient.ProtectedClient | RegisteredApplication> =
  Layer.effect(RestV2, make)
