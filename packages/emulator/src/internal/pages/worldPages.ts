/**
 * The pages of the emulated world: the login and the logout of an MVPD, and the second screen. A phone has to reach
 * them, so they are no part of the control API, and answer on every host name.
 */
import * as Either from "effect/Either"
import { type Answer, html } from "../answer.js"
import type { Call, Endpoint } from "../endpoint.js"
import * as Browser from "../restV2/browser.js"
import { isValid } from "../restV2/profileStore.js"
import { activationPath, codePage, providerPage } from "./activation.js"
import { doneHerePage, notSignedInPage, signedInPage, signedInPath, signedOutPage } from "./endings.js"
import { loginPage, loginPath, noLoginPage } from "./login.js"
import { seeOther } from "./page.js"

const sentences: Readonly<Record<Browser.CodeError, string>> = {
  unknown: "No device is waiting with this code.",
  ended: "This code is no longer good: its time is over, or the device has asked for another one.",
  incomplete: "The device has not said yet which provider to sign in to."
}

/** What a browser sees in place of a login page. */
export const noLogin = (error: Browser.CodeError): Answer => noLoginPage(sentences[error])

const asked = ({ request }: Call, name: string): string => new URLSearchParams(request.query).get(name) ?? ""

const login: Endpoint = (call) =>
  Either.match(Browser.login(call.restV2, asked(call, "code"), call.nowMillis), {
    onLeft: noLogin,
    onRight: (found) => loginPage(found)
  })

const again = ({ nowMillis, restV2 }: Call, code: string, user: string): Answer =>
  Either.match(Browser.login(restV2, code, nowMillis), {
    onLeft: noLogin,
    onRight: (found) =>
      loginPage(found, { user, message: "The user name or the password is wrong. Try again." })
  })

const answerLogin: Endpoint = (call) => {
  const { nowMillis, request, restV2 } = call
  const form = new URLSearchParams(request.body)
  const [code, user, password] = [form.get("code") ?? "", form.get("user") ?? "", form.get("password") ?? ""]
  const answered =
    form.get("answer") === "cancel"
      ? Browser.cancel(restV2, code, nowMillis)
      : Browser.signIn(restV2, { code, user, password }, nowMillis)
  return Either.match(answered, {
    onLeft: (error) => (error === "wrong" ? again(call, code, user) : noLogin(error)),
    onRight: ({ redirectUrl }) => seeOther(redirectUrl)
  })
}

const logout: Endpoint = ({ request, restV2 }) => {
  const { mvpd, redirectUrl } = Browser.loggedOut(restV2, new URLSearchParams(request.query))
  return redirectUrl === undefined ? signedOutPage(mvpd?.displayName) : seeOther(redirectUrl)
}

/** What a session lacks beside the MVPD, and where the browser goes next. */
const goOn = (call: Call, entered: Browser.EnteredCode, mvpd: string | undefined): Answer => {
  const { code, missing, parameters, serviceProvider } = entered
  const origin = `http://${call.request.headers["host"] ?? "localhost"}`
  const [domainName] = serviceProvider.domains
  const chosen = {
    ...parameters,
    ...(missing.includes("mvpd") && mvpd !== undefined ? { mvpd } : {}),
    ...(missing.includes("domainName") && domainName !== undefined ? { domainName } : {}),
    ...(missing.includes("redirectUrl") ? { redirectUrl: `${origin}${signedInPath}?code=${code}` } : {})
  }
  return Either.match(Browser.resume(call.restV2, code, chosen, call.nowMillis), {
    onLeft: (error) =>
      error === "not_usable"
        ? choose(call, entered, `${serviceProvider.name} cannot be watched that way from ${origin}.`)
        : codePage({ code, message: sentences[error] }),
    onRight: ({ url }) => seeOther(url)
  })
}

/** How a person knows the device. */
const modelOf = ({ restV2 }: Call, code: string): string | undefined => {
  const model = restV2.sessions.find(code)?.info?.["model"]
  return typeof model === "string" && model !== "" ? model : undefined
}

const choose = (call: Call, entered: Browser.EnteredCode, message?: string): Answer =>
  providerPage(entered, modelOf(call, entered.code), message)

const entered = (call: Call, typed: string, next: (entered: Browser.EnteredCode) => Answer): Answer =>
  Either.match(Browser.enterCode(call.restV2, typed, call.nowMillis), {
    onLeft: (error) => codePage({ code: typed, message: sentences[error] }),
    onRight: next
  })

const activate: Endpoint = (call) => {
  const typed = asked(call, "code")
  return typed === ""
    ? codePage()
    : entered(call, typed, (found) =>
        found.missing.includes("mvpd") ? choose(call, found) : goOn(call, found, undefined)
      )
}

const chooseProvider: Endpoint = (call) => {
  const form = new URLSearchParams(call.request.body)
  const mvpd = form.get("mvpd")
  return entered(call, form.get("code") ?? "", (found) =>
    mvpd === null ? choose(call, found, "Choose a TV provider.") : goOn(call, found, mvpd)
  )
}

/** The browser is told nothing, but the emulator knows whether the session has led to a profile. */
const signedIn: Endpoint = (call) => {
  const { nowMillis, restV2 } = call
  const code = asked(call, "code")
  const session = restV2.sessions.find(code)
  if (session === undefined) return doneHerePage()
  const profile = restV2.profiles.find(session, session.parameters.mvpd ?? "")
  const isNew = profile !== undefined && profile.notBefore >= session.notBefore
  return isNew && isValid(profile, nowMillis) ? signedInPage() : notSignedInPage(code)
}

const pages: ReadonlyMap<string, Endpoint> = new Map([
  [`GET ${loginPath}`, login],
  [`POST ${loginPath}`, answerLogin],
  ["GET /adobe-services/logout", logout],
  [`GET ${activationPath}`, activate],
  [`POST ${activationPath}`, chooseProvider],
  [`GET ${signedInPath}`, signedIn]
])

/** Everything else is not there. */
export const worldPages: Endpoint = (call) =>
  pages.get(`${call.request.method} ${call.request.path}`)?.(call) ?? html(404, "Not Found")
