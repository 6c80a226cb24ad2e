/** What the framework of a partner (Apple) says about the permission of a person, and about their provider. */
import * as Either from "effect/Either"
import type { PartnerFrameworkStatus } from "effect-adobe-pass-rest-v2/Identity"
import type { Mvpd, World } from "../../World.js"

/** What is wrong with a status. The codes are those of the errors, after `invalid_header_pfs_`. */
export type StatusError = `invalid_header_pfs_${
  | "permission_access_not_present"
  | "permission_access_not_determined"
  | "permission_access_not_granted"
  | "provider_id_not_determined"
  | "provider_id_mismatch"
  | "provider_info_expired"}`

export const isPartner = (name: string): boolean => name.toLowerCase() === "apple"

export const mappedMvpd = (world: World, status: PartnerFrameworkStatus | undefined): Mvpd | undefined => {
  const id = status?.frameworkProviderInfo.id
  return id === undefined ? undefined : world.mvpds.find(({ platformMappingId }) => platformMappingId === id)
}

/** The MVPD that a person has chosen in the settings of their system. */
export const chosenMvpd = (
  world: World,
  status: PartnerFrameworkStatus | undefined,
  nowMillis: number,
  /** The MVPD that the call is about, if it names one. */
  asked?: string
): Either.Either<Mvpd, StatusError> => {
  const access = status?.frameworkPermissionInfo.accessStatus
  if (access === undefined || access === "") {
    return Either.left("invalid_header_pfs_permission_access_not_present")
  }
  // The older name of an access that nobody has decided about.
  if (access === "notDetermined" || access === "pending") {
    return Either.left("invalid_header_pfs_permission_access_not_determined")
  }
  if (access !== "granted") return Either.left("invalid_header_pfs_permission_access_not_granted")
  const mvpd = mappedMvpd(world, status)
  if (mvpd === undefined) return Either.left("invalid_header_pfs_provider_id_not_determined")
  if (asked !== undefined && asked !== mvpd.id) return Either.left("invalid_header_pfs_provider_id_mismatch")
  const expires = status?.frameworkProviderInfo.expirationDate
  return expires !== undefined && Number(expires) <= nowMillis
    ? Either.left("invalid_header_pfs_provider_info_expired")
    : Either.right(mvpd)
}
