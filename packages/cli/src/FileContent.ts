/**
 * The content of files that flags name, which may be pipes: `@effect/platform` reads at positions, which pipes lack.
 *
 * @since 0.1.0
 */
import { createReadStream } from "node:fs"
import { type PlatformError, SystemError, type SystemErrorReason } from "@effect/platform/Error"
import * as NodeStream from "@effect/platform-node/NodeStream"
import type * as Stream from "effect/Stream"

const reasons: { readonly [code: string]: SystemErrorReason } = {
  EACCES: "PermissionDenied",
  EBUSY: "Busy",
  EISDIR: "BadResource",
  ELOOP: "BadResource",
  ENOENT: "NotFound",
  ENOTDIR: "BadResource"
}

const failure = (file: string, error: NodeJS.ErrnoException): PlatformError =>
  new SystemError({
    reason: reasons[error.code ?? ""] ?? "Unknown",
    module: "FileSystem",
    method: "stream",
    pathOrDescriptor: file,
    syscall: error.syscall,
    description: error.message,
    cause: error
  })

/**
 * The bytes of a file or a pipe, as they come.
 *
 * @since 0.1.0
 * @category accessors
 */
export const bytes = (file: string): Stream.Stream<Uint8Array, PlatformError> =>
  NodeStream.fromReadable<PlatformError, Uint8Array>(
    () => createReadStream(file),
    (error) => failure(file, error instanceof Error ? error : new Error(String(error)))
  )
