import type { CallRefused } from "effect-adobe-pass/AdobePassError"

/** Whether an error says that there is no (valid) profile any more. */
export const endsProfile = (error: { readonly _tag: string; readonly code?: CallRefused["code"] }): boolean =>
  error._tag === "AuthenticationRequired" && error.code?.startsWith("authenticated_profile_") === true
