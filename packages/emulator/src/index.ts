// Run the emulator, make requests fail, control it.

export * as Emulator from "./Emulator.js"
export * as Fault from "./Fault.js"
export * as Script from "./Script.js"

// What it plays: service providers, MVPDs and people, and the errors of REST API v2.

export * as EnhancedErrorCode from "./EnhancedErrorCode.js"
export * as SavedState from "./SavedState.js"
export * as World from "./World.js"

// The received requests, and the throttle as pure functions.

export * as Bucket from "./Bucket.js"
export * as Traffic from "./Traffic.js"
