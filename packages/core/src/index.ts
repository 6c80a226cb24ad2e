// biome-ignore-all assist/source/organizeImports: grouped by use, what most programs need first

// What most programs need.
export * as AdobePass from "./AdobePass.js"
export * as ProtectedClient from "./ProtectedClient.js"
export * as Device from "./Device.js"
export { CurrentDevice, CurrentInstance } from "./Device.js"
export * as AdobePassError from "./AdobePassError.js"

// Whom the process speaks as, and for.
export * as RegisteredApplication from "./RegisteredApplication.js"
export * as Environment from "./Environment.js"
export * as SoftwareStatement from "./SoftwareStatement.js"
export * as DeviceInfo from "./DeviceInfo.js"

// The steps of the protocol, and what they give.
export * as ClientRegistration from "./ClientRegistration.js"
export * as ClientCredentials from "./ClientCredentials.js"
export * as TokenEndpoint from "./TokenEndpoint.js"
export * as AccessToken from "./AccessToken.js"

// The cached state of every device.
export * as Sessions from "./Sessions.js"
export * as SessionState from "./SessionState.js"
export * as SessionKey from "./SessionKey.js"

// Where it is stored.
export * as CredentialStore from "./CredentialStore.js"
export * as StoredSessions from "./StoredSessions.js"
export * as StoreBackend from "./StoreBackend.js"
export * as Lease from "./Lease.js"
export * as Encryption from "./Encryption.js"

// Pacing and repetition.
export * as Throttle from "./Throttle.js"
export * as SharedThrottle from "./SharedThrottle.js"
export * as RetrySchedule from "./RetrySchedule.js"
export * as RetryQuota from "./RetryQuota.js"

// Options, observability, and what a transport can do.
export * as Options from "./Options.js"
export * as Health from "./Health.js"
export * as EnhancedError from "./EnhancedError.js"
export * as Metrics from "./Metrics.js"
export * as Warnings from "./Warnings.js"
export * as Transport from "./Transport.js"
