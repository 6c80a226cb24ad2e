// Run the emulator, make requests fail, control it.

export * as Emulator from "./Emulator.js"
export * as Fault from "./Fault.js"
export * as Script from "./Script.js"

// The received requests, and the throttle as pure functions.

export * as Bucket from "./Bucket.js"
export * as Traffic from "./Traffic.js"
