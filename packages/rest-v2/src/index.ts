// biome-ignore-all assist/source/organizeImports: grouped by use, what most programs need first

// The calls.
export * as RestV2 from "./RestV2.js"

// What they answer.
export * as Configuration from "./Configuration.js"
export * as Session from "./Session.js"
export * as Profile from "./Profile.js"

export * as Authorization from "./Authorization.js"
export * as Preauthorization from "./Preauthorization.js"
export * as Decision from "./Decision.js"
export * as Logout from "./Logout.js"

// What is said about a person.
export * as Identity from "./Identity.js"

// The contract, for servers and documents.
export * as RestV2Api from "./RestV2Api.js"
export * as EnhancedErrorBody from "./EnhancedErrorBody.js"
export * as OpenApiDocument from "./OpenApiDocument.js"

// What Adobe's checklist asks for, service by service.
export * as ConfigurationCache from "./ConfigurationCache.js"
export * as MvpdChoice from "./MvpdChoice.js"
export * as KeyValueStoreError from "./KeyValueStoreError.js"
export * as ProfileCache from "./ProfileCache.js"
export * as KnownProfile from "./KnownProfile.js"
export * as ProfilePoll from "./ProfilePoll.js"
export * as PollProgress from "./PollProgress.js"
export * as DecisionRetry from "./DecisionRetry.js"
export * as PreauthorizationCache from "./PreauthorizationCache.js"
export * as SignOut from "./SignOut.js"
