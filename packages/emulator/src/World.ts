/**
 * What an emulator plays: service providers, MVPDs, and the people who have an account with them. A world is plain data,
 * so that a file can describe it.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { EnhancedErrorCode } from "./EnhancedErrorCode.js"
import { optional } from "./internal/optional.js"

const Ids = Schema.Array(Schema.String)
const Seconds = Schema.Int.pipe(Schema.positive())
const Count = Schema.Int.pipe(Schema.positive())
const flag = (value: boolean) => Schema.optionalWith(Schema.Boolean, { default: () => value })

/**
 * A service provider (a brand of a programmer).
 *
 * @since 0.1.0
 * @category models
 */
export const ServiceProvider = Schema.Struct({
  id: Schema.NonEmptyString,
  name: Schema.String,
  domains: Schema.NonEmptyArray(Schema.String),
  /** Hosts and custom schemes that a redirect URL may point to; any when absent. */
  redirectHosts: optional(Ids),
  /** The ids of the MVPDs with an active integration. */
  mvpds: Ids
})

/**
 * @since 0.1.0
 * @category models
 */
export interface ServiceProvider extends Schema.Schema.Type<typeof ServiceProvider> {}

/**
 * Something that an MVPD says about a person. With the state `enc` the emulator sends an opaque text in its place.
 *
 * @since 0.1.0
 * @category models
 */
export const Attribute = Schema.Struct({
  value: Schema.Unknown,
  state: Schema.optionalWith(Schema.Literal("plain", "enc"), { default: () => "plain" as const })
})

/**
 * A person with an account at an MVPD.
 *
 * @since 0.1.0
 * @category models
 */
export const Person = Schema.Struct({
  user: Schema.NonEmptyString,
  password: Schema.String,
  /** What the login page says about them. */
  about: optional(Schema.String),
  /** Beside `userID`, which every profile has. */
  attributes: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Attribute }), {
    default: () => ({})
  }),
  /** The resources of their plan; all when absent. */
  resources: optional(Ids),
  /** The error that each of their decisions has. */
  denied: optional(EnhancedErrorCode)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Person extends Schema.Schema.Type<typeof Person> {}

/**
 * Temporary access: its time runs from its first use. Without `resources` it is basic, one for each device; with
 * `resources` it is promotional, one for each `AP-TempPass-Identity`, and for so many different resources.
 *
 * @since 0.1.0
 * @category models
 */
export const TempPass = Schema.Struct({ seconds: Seconds, resources: optional(Count) })

/**
 * @since 0.1.0
 * @category models
 */
export interface TempPass extends Schema.Schema.Type<typeof TempPass> {}

const day = 86_400

/**
 * An MVPD, as far as it behaves differently from others.
 *
 * @since 0.1.0
 * @category models
 */
export const Mvpd = Schema.Struct({
  id: Schema.NonEmptyString,
  displayName: Schema.String,
  logoUrl: optional(Schema.String),
  people: Schema.optionalWith(Schema.Array(Person), { default: () => [] }),
  /** It is not an MVPD but a TempPass. */
  tempPass: optional(TempPass),
  /** Whether it has an endpoint of its own for logout. */
  logout: flag(true),
  proxied: flag(false),
  /** The id of the MVPD on a partner's platform, and how far it takes part in the partner's single sign-on. */
  platformMappingId: optional(Schema.String),
  boardingStatus: optional(Schema.Literal("SUPPORTED", "PICKER")),
  /** How long it takes to answer Adobe Pass. */
  delayMillis: Schema.optionalWith(Schema.Int.pipe(Schema.nonNegative()), { default: () => 0 }),
  /** The error that each of its decisions has. */
  denied: optional(EnhancedErrorCode),
  /** The ratings of resources, such as `TV-MA`: people with a lower `maxRating` are denied them. */
  ratings: Schema.optionalWith(Schema.Record({ key: Schema.String, value: Schema.String }), {
    default: () => ({})
  }),
  /** How many resources a call may name. */
  limits: Schema.optionalWith(Schema.Struct({ authorize: Count, preauthorize: Count }), {
    default: () => ({ authorize: 1, preauthorize: 5 })
  }),
  /** How long a profile, and a decision, are valid. */
  profileSeconds: Schema.optionalWith(Seconds, { default: () => 30 * day }),
  decisionSeconds: Schema.optionalWith(Seconds, { default: () => day })
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Mvpd extends Schema.Schema.Type<typeof Mvpd> {}

/**
 * What Adobe Pass does while an MVPD is out of order: everybody is signed in and may see everything (`AuthNAll`),
 * everybody who is signed in may (`AuthZAll`), or nobody may (`AuthZNone`).
 *
 * @since 0.1.0
 * @category models
 */
export const Degradation = Schema.Struct({
  mvpd: Schema.String,
  rule: Schema.Literal("AuthNAll", "AuthZAll", "AuthZNone"),
  /** The `details` of the denials of `AuthZNone`. */
  message: optional(Schema.String)
})

/**
 * @since 0.1.0
 * @category models
 */
export interface Degradation extends Schema.Schema.Type<typeof Degradation> {}

const repeated = (texts: ReadonlyArray<string>): string | undefined =>
  texts.find((text, n) => texts.indexOf(text) < n)

/**
 * A world.
 *
 * @since 0.1.0
 * @category models
 */
export const World = Schema.Struct({
  serviceProviders: Schema.NonEmptyArray(ServiceProvider),
  mvpds: Schema.Array(Mvpd),
  degradations: Schema.optionalWith(Schema.Array(Degradation), { default: () => [] })
}).pipe(
  Schema.filter(({ degradations, mvpds, serviceProviders }) => {
    const ids = mvpds.map(({ id }) => id)
    const named = [
      ...serviceProviders.flatMap((provider) => provider.mvpds),
      ...degradations.map(({ mvpd }) => mvpd)
    ]
    const unknown = named.find((id) => !ids.includes(id))
    if (unknown !== undefined) return `names the MVPD ${unknown}, which is not one of its mvpds`
    const twice = repeated(ids) ?? repeated(serviceProviders.map(({ id }) => id))
    if (twice !== undefined) return `has the id ${twice} twice`
    const crowded = mvpds.find(({ people }) => repeated(people.map(({ user }) => user)) !== undefined)
    return crowded === undefined ? undefined : `has two people of the same user name at ${crowded.id}`
  })
)

/**
 * @since 0.1.0
 * @category models
 */
export interface World extends Schema.Schema.Type<typeof World> {}

/**
 * A world as a file describes it: what is left out has its default.
 *
 * @since 0.1.0
 * @category models
 */
export type Encoded = Schema.Schema.Encoded<typeof World>

/**
 * Fills in the defaults of a world. Throws a `ParseError` that names what is wrong.
 *
 * @example
 * ```ts
 * import { World } from "effect-adobe-pass-emulator"
 *
 * World.make({
 *   serviceProviders: [{ id: "ACME", name: "Acme Television", domains: ["acme.example"], mvpds: ["NorthCable"] }],
 *   mvpds: [{ id: "NorthCable", displayName: "North Cable", people: [{ user: "nora", password: "north" }] }]
 * })
 * ```
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: (world: Encoded) => World = Schema.decodeSync(World)

const household = (name: string) => ({
  householdID: { value: `household-${name}` },
  upstreamUserID: { value: `upstream-${name}` },
  zip: { value: ["12345"], state: "enc" as const }
})

const basicPlan = ["acme-live", "acme-news", "acme-sports"]

/**
 * The world of an emulator that is given no other: service provider `ACME` with an MVPD of each kind, and `Zenith`,
 * which restricts its redirect URLs. Every person's password is written on the login page.
 *
 * @since 0.1.0
 * @category constructors
 */
export const builtIn: World = make({
  serviceProviders: [
    {
      id: "ACME",
      name: "Acme Television",
      domains: ["acme.example", "localhost"],
      mvpds: [
        "NorthCable",
        "SouthFiber",
        "EastDish",
        "WestStream",
        "SlowCable",
        "StrictCable",
        "FamilyCable",
        "TempPass_Acme10",
        "TempPass_AcmePromo"
      ]
    },
    {
      id: "Zenith",
      name: "Zenith Sports",
      domains: ["zenith.example"],
      redirectHosts: ["zenith.example", "localhost", "127.0.0.1"],
      mvpds: ["NorthCable", "SouthFiber", "TempPass_Acme10"]
    }
  ],
  mvpds: [
    {
      id: "NorthCable",
      displayName: "North Cable",
      logoUrl: "https://img.example/north.png",
      platformMappingId: "NCBL",
      boardingStatus: "SUPPORTED",
      people: [
        {
          user: "nora",
          password: "north",
          about: "may see everything",
          attributes: { ...household("nora"), maxRating: { value: { VCHIP: "TV-MA", MPAA: "NC-17" } } }
        },
        {
          user: "ned",
          password: "north",
          about: `may see ${basicPlan.join(", ")}`,
          attributes: { ...household("ned"), maxRating: { value: { VCHIP: "TV-14", MPAA: "PG-13" } } },
          resources: basicPlan
        }
      ]
    },
    {
      id: "SouthFiber",
      displayName: "South Fiber",
      logoUrl: "https://img.example/south.png",
      logout: false,
      platformMappingId: "SFBR",
      boardingStatus: "PICKER",
      people: [{ user: "sam", password: "south", about: "may see everything", attributes: household("sam") }]
    },
    {
      id: "EastDish",
      displayName: "East Dish",
      logoUrl: "https://img.example/east.png",
      proxied: true,
      people: [{ user: "eva", password: "east", about: "may see everything", attributes: household("eva") }]
    },
    {
      id: "WestStream",
      displayName: "West Stream",
      logoUrl: "https://img.example/west.png",
      profileSeconds: 600,
      people: [{ user: "walt", password: "west", about: "is signed out after ten minutes" }]
    },
    {
      id: "SlowCable",
      displayName: "Slow Cable",
      logoUrl: "https://img.example/slow.png",
      delayMillis: 3000,
      people: [{ user: "sid", password: "slow", about: "waits three seconds for every decision" }]
    },
    {
      id: "StrictCable",
      displayName: "Strict Cable",
      logoUrl: "https://img.example/strict.png",
      people: [
        { user: "stella", password: "strict", about: "may see nothing", resources: [] },
        {
          user: "hugo",
          password: "strict",
          about: "has left home",
          denied: "authorization_denied_by_hba_policies"
        }
      ]
    },
    {
      id: "FamilyCable",
      displayName: "Family Cable",
      logoUrl: "https://img.example/family.png",
      ratings: { "acme-late-night": "TV-MA" },
      people: [
        {
          user: "fred",
          password: "family",
          about: "may see what is rated up to TV-PG, so not acme-late-night",
          attributes: { ...household("fred"), maxRating: { value: { VCHIP: "TV-PG", MPAA: "PG" } } }
        }
      ]
    },
    { id: "TempPass_Acme10", displayName: "Ten free minutes", tempPass: { seconds: 600 } },
    {
      id: "TempPass_AcmePromo",
      displayName: "Two free programs",
      tempPass: { seconds: day, resources: 2 }
    },
    {
      id: "FarCable",
      displayName: "Far Cable, which nobody has integrated",
      people: [{ user: "fay", password: "far" }]
    }
  ]
})
