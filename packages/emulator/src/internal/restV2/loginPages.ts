/** The pages of an MVPD, as plain as they can be: its login, and its logout. */
import * as Either from "effect/Either"
import { type Answer, empty, html } from "../answer.js"
import type { Endpoint } from "../endpoint.js"
import * as Browser from "./browser.js"

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")

const page = (status: number, title: string, body: string): Answer => ({
  status,
  headers: [["content-type", "text/html;charset=UTF-8"]],
  body: `<!doctype html><html lang="en"><title>${escaped(title)}</title><h1>${escaped(title)}</h1>${body}</html>`
})

const redirect = (location: string): Answer => ({ ...empty(302), headers: [["location", location]] })

const form = ({ code, mvpd, people, serviceProvider }: Browser.Login, wrong: boolean): Answer =>
  page(
    wrong ? 403 : 200,
    `Sign in to ${mvpd.displayName}`,
    [
      `<p>for ${escaped(serviceProvider.name)}</p>`,
      wrong ? `<p role="alert">Nobody has this name and password.</p>` : "",
      `<form method="post"><input type="hidden" name="code" value="${escaped(code)}">`,
      `<label>User <input name="user"></label> <label>Password <input name="password" type="password"></label>`,
      `<button>Sign in</button></form><ul>`,
      ...people.map(
        ({ about = "", password, user }) => `<li>${escaped(`${user} / ${password}: ${about}`)}</li>`
      ),
      "</ul>"
    ].join("")
  )

const badCode = (): Answer => html(400, "Bad Request")

const loginPage: Endpoint = ({ nowMillis, request, restV2 }) =>
  Either.match(Browser.login(restV2, new URLSearchParams(request.query).get("code") ?? "", nowMillis), {
    onLeft: badCode,
    onRight: (login) => form(login, false)
  })

const signIn: Endpoint = ({ nowMillis, request, restV2 }) => {
  const fields = new URLSearchParams(request.body)
  const code = fields.get("code") ?? ""
  return Either.match(
    Browser.signIn(
      restV2,
      { code, user: fields.get("user") ?? "", password: fields.get("password") ?? "" },
      nowMillis
    ),
    {
      onLeft: () =>
        Either.match(Browser.login(restV2, code, nowMillis), {
          onLeft: badCode,
          onRight: (login) => form(login, true)
        }),
      onRight: ({ redirectUrl }) => redirect(redirectUrl)
    }
  )
}

const logoutPage: Endpoint = ({ request, restV2 }) => {
  const { redirectUrl } = Browser.loggedOut(restV2, new URLSearchParams(request.query))
  return redirectUrl === undefined ? page(200, "You are signed out", "") : redirect(redirectUrl)
}

const pages: Readonly<Record<string, Endpoint>> = {
  "GET /adobe-services/authenticate": loginPage,
  "POST /adobe-services/authenticate": signIn,
  "GET /adobe-services/logout": logoutPage
}

/** Everything else is not there. */
export const loginPages: Endpoint = (call) =>
  pages[`${call.request.method} ${call.request.path}`]?.(call) ?? html(404, "Not Found")
