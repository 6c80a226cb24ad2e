/** A store in Redis. */
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type { CredentialStore } from "effect-adobe-pass/CredentialStore"
import type { Encryption } from "effect-adobe-pass/Encryption"
import * as Redis from "effect-adobe-pass-redis/Redis"
import * as RedisStore from "effect-adobe-pass-redis/RedisStore"
import type { CommandError } from "../ExitCode.js"

export const layer = (
  url: Redacted.Redacted<string>,
  encryption: Encryption | undefined
): Layer.Layer<CredentialStore, CommandError> =>
  Layer.provide(RedisStore.layer({ encryption }), Redis.layer({ url }))
