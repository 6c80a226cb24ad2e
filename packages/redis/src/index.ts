export * as Redis from "./Redis.js"
export * as RedisOptions from "./RedisOptions.js"
export * as RedisStore from "./RedisStore.js"
export * as RedisThrottle from "./RedisThrottle.js"
