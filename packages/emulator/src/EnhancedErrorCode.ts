/**
 * The enhanced errors of REST API v2, with what Adobe documents of each.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const of =
  (action: string, status: number) =>
  (message: string): { readonly action: string; readonly status: number; readonly message: string } => ({
    action,
    status,
    message
  })

const refused = of("none", 400)
const denied = of("none", 403)
const misconfigured = of("configuration", 500)
const unregistered = of("application-registration", 401)
const unauthenticated = of("authentication", 403)
const passing = of("retry", 403)

/**
 * Action, status and message of every code.
 *
 * @since 0.1.0
 * @category models
 */
export const enhancedErrors = {
  invalid_parameter_service_provider: refused("The service provider is missing or not valid."),
  invalid_parameter_mvpd: refused("The MVPD is missing or not valid."),
  invalid_parameter_code: refused("The code is missing or not valid."),
  invalid_parameter_resources: refused("The list of resources is missing or not valid."),
  invalid_parameter_redirect_url: refused("The redirect URL is missing or not valid."),
  invalid_parameter_partner: refused("The partner is missing or not valid."),
  invalid_parameter_saml_response: refused("The SAML response is missing or not valid."),
  invalid_header_device_info: refused("The device information header is not valid."),
  invalid_header_device_identifier: refused("The device identifier header is absent or not valid."),
  invalid_header_identity_for_temporary_access: refused(
    "The TempPass identity header is absent or not valid."
  ),
  invalid_header_pfs_permission_access_not_present: refused(
    "The partner framework status header has no access status."
  ),
  invalid_header_pfs_permission_access_not_determined: refused(
    "The partner framework status header has an undetermined access status."
  ),
  invalid_header_pfs_permission_access_not_granted: refused(
    "The partner framework status header has an access status that is not granted."
  ),
  invalid_header_pfs_provider_id_not_determined: refused(
    "The partner framework status header has no provider id of a known MVPD."
  ),
  invalid_header_pfs_provider_id_mismatch: refused(
    "The partner framework status header has the provider id of another MVPD."
  ),
  invalid_header_pfs_provider_info_expired: refused(
    "The partner framework status header has expired provider information."
  ),
  invalid_integration: refused("The service provider and the MVPD have no active integration."),
  invalid_authentication_session: refused("The authentication session is unknown, expired or not valid."),
  preauthorization_denied_by_mvpd: denied("The MVPD denied preauthorization of the resource."),
  authorization_denied_by_mvpd: denied("The MVPD denied authorization of the resource."),
  authorization_denied_by_parental_controls: denied("The MVPD denied the resource by parental controls."),
  authorization_denied_by_degradation_rule: denied(
    "A degradation rule of the integration denies the resource."
  ),
  internal_server_error: of("none", 500)("The server failed."),
  too_many_resources: of("configuration", 403)("There are more resources than the integration allows."),
  invalid_configuration_user_metadata_certificate: misconfigured(
    "The certificate for user metadata is missing or wrong."
  ),
  invalid_configuration_temporary_access: misconfigured("The configuration of the TempPass is wrong."),
  invalid_configuration_platform: misconfigured("The platform configuration is missing or wrong."),
  invalid_configuration_platform_id: misconfigured("The platform id is missing or wrong."),
  invalid_configuration_platform_trait: misconfigured("The platform trait is missing or wrong."),
  invalid_configuration_platform_category_trait: misconfigured(
    "The trait of the platform category is missing or wrong."
  ),
  invalid_configuration_platform_services: misconfigured("The platform services are missing or wrong."),
  invalid_configuration_mvpd_platform: misconfigured("The MVPD's platform is missing or wrong."),
  invalid_configuration_mvpd_platform_boarding_status: misconfigured(
    "The boarding status of the MVPD's platform is missing or wrong."
  ),
  invalid_configuration_mvpd_platform_profile_exchange: misconfigured(
    "The profile exchange of the MVPD's platform is missing or wrong."
  ),
  invalid_access_token_service_provider: unregistered(
    "The access token is not valid for this service provider."
  ),
  invalid_access_token_client_application: unregistered(
    "The client application of the access token is not valid."
  ),
  authenticated_profile_missing: unauthenticated("There is no authenticated profile."),
  authenticated_profile_expired: unauthenticated("The authenticated profile has expired."),
  authenticated_profile_invalidated: unauthenticated("The authenticated profile was invalidated."),
  temporary_access_duration_limit_exceeded: unauthenticated("The time of the TempPass is used up."),
  temporary_access_resources_limit_exceeded: unauthenticated("The resources of the TempPass are used up."),
  authorization_denied_by_hba_policies: unauthenticated("The device is no longer at home."),
  authorization_denied_by_session_invalidated: unauthenticated("The MVPD has ended the session."),
  identity_not_recognized_by_mvpd: unauthenticated("The MVPD does not recognize the person."),
  network_received_error: passing("Reading from the MVPD failed."),
  network_connection_timeout: passing("Connecting to the MVPD took too long."),
  maximum_execution_time_exceeded: passing("The request took too long.")
} as const

/**
 * @since 0.1.0
 * @category models
 */
export type EnhancedErrorCode = keyof typeof enhancedErrors

const isCode = (text: string): text is EnhancedErrorCode => Object.hasOwn(enhancedErrors, text)

/**
 * A code of the table.
 *
 * @since 0.1.0
 * @category schemas
 */
export const EnhancedErrorCode: Schema.Schema<EnhancedErrorCode, string> = Schema.String.pipe(
  Schema.filter(isCode, { message: () => "is not a code of an enhanced error" })
)
