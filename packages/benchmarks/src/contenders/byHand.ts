/** What an application writes itself around a library that does not have it, as briefly as it can be written. */
import type { Target } from "../contender.js"

/** How long before its end a token is no longer used, where that is up to the application. */
export const marginSeconds = 60

/** Remembers what was obtained for as long as it is fresh; concurrent callers share one attempt, failures are forgotten. */
export const remember = <A>(
  obtain: () => Promise<A>,
  fresh: (value: A) => boolean = () => true
): (() => Promise<A>) => {
  let value: A | undefined
  let obtaining: Promise<A> | undefined
  return async () => {
    if (value !== undefined && fresh(value)) return value
    obtaining ??= obtain()
      .then((obtained) => {
        value = obtained
        return obtained
      })
      .finally(() => {
        obtaining = undefined
      })
    return obtaining
  }
}

export interface RegisterAnswer {
  readonly client_id: string
  readonly client_secret: string
}

export interface TokenAnswer {
  readonly access_token: string
  readonly expires_in: number
}

export interface Token {
  readonly value: string
  /** In milliseconds since the epoch. */
  readonly expiresAt: number
}

export const tokenOf = ({ access_token, expires_in }: TokenAnswer): Token => ({
  value: access_token,
  expiresAt: Date.now() + expires_in * 1000
})

export const isFresh = (token: Token): boolean => token.expiresAt - marginSeconds * 1000 > Date.now()

export const tokenForm = ({ client_id, client_secret }: RegisterAnswer): URLSearchParams =>
  new URLSearchParams({ grant_type: "client_credentials", client_id, client_secret })

const textOf = async (response: Response): Promise<string> => {
  const text = await response.text()
  if (!response.ok) throw new Error(`${response.status} ${text}`)
  return text
}

export const registerByFetch = async (target: Target): Promise<RegisterAnswer> =>
  JSON.parse(
    await textOf(
      await fetch(`${target.baseUrl}/o/client/register`, {
        method: "POST",
        headers: { ...target.deviceHeaders, "content-type": "application/json" },
        body: JSON.stringify({ software_statement: target.softwareStatement })
      })
    )
  )

export const tokenByFetch = async (target: Target, registered: RegisterAnswer): Promise<Token> =>
  tokenOf(
    JSON.parse(
      await textOf(
        await fetch(`${target.baseUrl}/o/client/token`, {
          method: "POST",
          headers: target.deviceHeaders,
          body: tokenForm(registered)
        })
      )
    )
  )

export const callByFetch = async (target: Target, path: string, accessToken: string): Promise<number> => {
  const response = await fetch(`${target.baseUrl}${path}`, {
    headers: { ...target.deviceHeaders, authorization: `Bearer ${accessToken}` }
  })
  await response.text()
  return response.status
}

/** The answer to a registration as RFC 7591 wants it: Adobe leaves out a field that has to be there with a secret. */
export const rfcRegisterAnswer = async (response: Response): Promise<Response> =>
  response.ok
    ? Response.json(
        { client_secret_expires_at: 0, ...JSON.parse(await response.text()) },
        { status: response.status }
      )
    : response

/** The answer to a request for a token as RFC 6749 wants it: Adobe says 201. */
export const rfcTokenAnswer = (response: Response): Response =>
  response.ok ? new Response(response.body, { status: 200, headers: response.headers }) : response
