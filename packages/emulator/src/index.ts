export * as Bucket from "./Bucket.js"
export * as Emulator from "./Emulator.js"
export * as Fault from "./Fault.js"
export * as Traffic from "./Traffic.js"
