/** The responses of Adobe Pass, identical in everything that a client may read. */
import * as Crypto from "node:crypto"
import * as DateTime from "effect/DateTime"
import { type EnhancedErrorCode, enhancedErrors } from "../EnhancedErrorCode.js"

export interface Answer {
  readonly status: number
  readonly headers: ReadonlyArray<readonly [name: string, value: string]>
  readonly body: string
  /** Whether a server compresses the body for whoever accepts that. In process there is nothing to save. */
  readonly gzip?: boolean
}

const httpDate = (millis: number): string => DateTime.toDateUtc(DateTime.unsafeMake(millis)).toUTCString()

/** Adds the headers that every response has; those of the answer take precedence. */
export const withCommonHeaders = (answer: Answer, nowMillis: number): Answer => {
  const own = new Set(answer.headers.map(([name]) => name.toLowerCase()))
  const common: ReadonlyArray<readonly [string, string]> = [
    ["date", httpDate(nowMillis)],
    ["server", "openresty"],
    ["content-length", String(Buffer.byteLength(answer.body))]
  ]
  const missing = common.filter(
    ([name]) => !own.has(name) && (name !== "content-length" || answer.status !== 204)
  )
  return { ...answer, headers: [...missing, ...answer.headers] }
}

export const json = (status: number, value: unknown): Answer => ({
  status,
  headers: [["content-type", "application/json;charset=UTF-8"]],
  body: JSON.stringify(value)
})

/** A response with a secret must not be cached. */
export const secretJson = (status: number, value: unknown): Answer => {
  const answer = json(status, value)
  return { ...answer, headers: [...answer.headers, ["cache-control", "no-store"], ["pragma", "no-cache"]] }
}

export const empty = (status: number): Answer => ({ status, headers: [], body: "" })

const page = (title: string): string =>
  [
    "<html>",
    `<head><title>${title}</title></head>`,
    "<body>",
    `<center><h1>${title}</h1></center>`,
    "<hr><center>openresty</center>",
    "</body>",
    "</html>",
    ""
  ].join("\r\n")

export const html = (status: number, title: string): Answer => ({
  status,
  headers: [["content-type", "text/html"]],
  body: page(`${status} ${title}`)
})

export type OAuthErrorCode =
  | "invalid_request"
  | "invalid_redirect_uri"
  | "invalid_software_statement"
  | "unapproved_software_statement"
  | "invalid_client"
  | "unauthorized_client"
  | "unsupported_grant_type"

export const oauthError = (error: OAuthErrorCode): Answer => secretJson(400, { error })

/** The members of an enhanced error; `details` is what an MVPD or a degradation rule says. */
export const enhancedErrorBody = (code: EnhancedErrorCode, details?: string) => ({
  ...enhancedErrors[code],
  code,
  ...(details === undefined ? {} : { details }),
  helpUrl:
    "https://experienceleague.adobe.com/docs/pass/authentication/auth-features/error-reportn/enhanced-error-codes.html",
  trace: Crypto.randomUUID()
})

/** The members are at the top level, as in Adobe's samples; its prose nests them. */
export const enhancedError = (code: EnhancedErrorCode, details?: string): Answer =>
  json(enhancedErrors[code].status, enhancedErrorBody(code, details))

/** Sent by the edge: an HTML page without Retry-After, with the cookies of its load balancer. */
export const tooManyRequests = (nowMillis: number): Answer => {
  const page = html(429, "Too Many Requests")
  const balancer = Crypto.randomBytes(96).toString("base64")
  const cookie = `${balancer}; Expires=${httpDate(nowMillis + 7 * 24 * 3600 * 1000)}; Path=/`
  return {
    ...page,
    headers: [
      ...page.headers,
      ["set-cookie", `AWSALB=${cookie}`],
      ["set-cookie", `AWSALBCORS=${cookie}; SameSite=None; Secure`],
      ["access-control-allow-credentials", "true"],
      ["access-control-allow-methods", "POST,GET,OPTIONS,DELETE"],
      [
        "access-control-allow-headers",
        "ap_11,ap_42,ap_z,ap_19,ap_21,ap_23,authorization,content-type,pass_sfp,AP-Session-Identifier," +
          "AP-Device-Identifier,AP-SDK-Identifier,X-Device-Info"
      ],
      [
        "access-control-expose-headers",
        "pass_sfp,Authzf-Error-Code,Authzf-Sub-Error-Code,Authzf-Error-Details"
      ],
      ["p3p", `CP="NOI DSP COR CURa ADMa DEVa OUR BUS IND UNI COM NAV STA"`]
    ]
  }
}
