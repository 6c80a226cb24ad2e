/** The layers, the options and the tag. */

/** The throttle as pure functions. */
export * as Bucket from "./Bucket.js"
export * as Emulator from "./Emulator.js"
/** What can go wrong with a request. */
export * as Fault from "./Fault.js"
/** How a test controls a running emulator. */
export * as Script from "./Script.js"
/** What the emulator received. */
export * as Traffic from "./Traffic.js"
