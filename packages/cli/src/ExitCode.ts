/**
 * How a command ends: the exit codes, which scripts rely on, and one or two lines on standard error.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as ConfigError from "effect/ConfigError"
import * as Data from "effect/Data"
import type { AdobePassError } from "effect-adobe-pass/AdobePassError"

/**
 * The exit codes. A command that is interrupted ends with 128 and the number of the signal.
 *
 * @since 0.1.0
 * @category models
 */
export const ExitCode = {
  success: 0,
  /** Something that is not foreseen, or a warning of the doctor. */
  other: 1,
  /** The command line is not right. */
  usage: 2,
  /** The configuration is not right, or a file cannot be read or written. */
  configuration: 3,
  /** Adobe Pass has refused. */
  refused: 4,
  /** Adobe Pass throttles, or the wait for a turn is too long. */
  throttled: 5,
  /** Adobe Pass cannot be reached or fails. */
  unavailable: 6,
  /** The credential store fails. */
  store: 7
} as const

/**
 * @since 0.1.0
 * @category models
 */
export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode]

/**
 * What a command itself finds wrong, in one sentence that says what to do.
 *
 * @since 0.1.0
 * @category errors
 */
export class CommandFailed extends Data.TaggedError("CommandFailed")<{
  readonly exitCode: number
  readonly message: string
}> {}

/**
 * @since 0.1.0
 * @category constructors
 */
export const usage = (message: string): CommandFailed =>
  new CommandFailed({ exitCode: ExitCode.usage, message })

/**
 * @since 0.1.0
 * @category constructors
 */
export const misconfigured = (message: string): CommandFailed =>
  new CommandFailed({ exitCode: ExitCode.configuration, message })

/**
 * Everything that a command can fail with.
 *
 * @since 0.1.0
 * @category models
 */
export type CommandError = CommandFailed | AdobePassError | ConfigError.ConfigError | PlatformError

/** The code of each error of the library.
 *
 * @since 0.1.0
 * @category models
 */
export const codes: { readonly [Tag in AdobePassError["_tag"]]: ExitCode } = {
  InvalidInput: ExitCode.configuration,
  ForeignOrigin: ExitCode.usage,
  InvalidRequest: ExitCode.refused,
  InvalidRedirectUri: ExitCode.refused,
  InvalidSoftwareStatement: ExitCode.refused,
  UnapprovedSoftwareStatement: ExitCode.refused,
  InvalidClient: ExitCode.refused,
  UnauthorizedClient: ExitCode.refused,
  UnsupportedGrantType: ExitCode.refused,
  RequestRejected: ExitCode.refused,
  ConfigurationRequired: ExitCode.refused,
  ApplicationRegistrationRequired: ExitCode.refused,
  AccessTokenRejected: ExitCode.refused,
  InsufficientScope: ExitCode.refused,
  AuthenticationRequired: ExitCode.refused,
  AuthorizationRequired: ExitCode.refused,
  Throttled: ExitCode.throttled,
  ServiceUnavailable: ExitCode.unavailable,
  TransportError: ExitCode.unavailable,
  UnexpectedResponse: ExitCode.unavailable,
  TemporaryFailure: ExitCode.unavailable,
  CredentialStoreError: ExitCode.store
}

/** The first thing that is wrong with the configuration. */
const configuration = (error: ConfigError.ConfigError): string => {
  switch (error._op) {
    case "And":
      return configuration(error.left)
    case "Or": {
      const [left, right] = [error.left, error.right]
      return left._op === "MissingData" && right._op === "MissingData"
        ? `${left.path.join("_")} or ${right.path.join("_")} must be set.`
        : configuration(left._op === "MissingData" ? right : left)
    }
    case "MissingData":
      return `${error.path.join("_")} must be set.`
    case "InvalidData":
      return `${error.path.join("_")} ${error.message}.`
    case "SourceUnavailable":
    case "Unsupported":
      return `${error.path.join("_")}: ${error.message}.`
  }
}

/** What an operation on a file met. */
const file = (error: PlatformError): string =>
  error._tag === "BadArgument"
    ? `${error.method}: ${error.description ?? "the argument cannot be used"}.`
    : `${error.pathOrDescriptor ?? error.method}: ${problems[error.reason]}.`

const problems: { readonly [Reason in Exclude<PlatformError, { _tag: "BadArgument" }>["reason"]]: string } = {
  AlreadyExists: "it exists already",
  BadResource: "it is of the wrong kind",
  Busy: "it is in use",
  InvalidData: "its content cannot be used",
  NotFound: "there is no such file or directory",
  PermissionDenied: "permission denied",
  TimedOut: "it took too long",
  UnexpectedEof: "it ends too early",
  Unknown: "it cannot be read or written",
  WouldBlock: "it is in use",
  WriteZero: "nothing could be written"
}

/**
 * The exit code of an error, and what to write on standard error.
 *
 * @since 0.1.0
 * @category conversions
 */
export const describe = (error: CommandError): CommandFailed => {
  if (ConfigError.isConfigError(error)) return misconfigured(configuration(error))
  switch (error._tag) {
    case "CommandFailed":
      return error
    case "BadArgument":
    case "SystemError":
      return misconfigured(file(error))
    default:
      return new CommandFailed({ exitCode: codes[error._tag], message: error.message })
  }
}
