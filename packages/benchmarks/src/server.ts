/**
 * A stand-in for Adobe Pass that costs as little as a server can, in a process of its own, so that it is not what is
 * measured; the emulator is for the scenarios that need the real thing.
 *
 * `/o/client/register` and `/o/client/token` answer as Adobe does (201; `client_id_issued_at` and no
 * `client_secret_expires_at`; a JWT that lives for six hours), under `/rfc/o/client/` as the RFCs say (200 for tokens,
 * `client_secret_expires_at: 0`). Everything under `/api/v2/` wants a token that was issued and not revoked, and says 401
 * with an enhanced error otherwise; it is a decision, or a configuration with 100 MVPDs; `?delay=` in milliseconds keeps an answer back. Under `/_control/`: `counts`,
 * `reset`, `revoke` (all tokens so far), `ttl?seconds=` (of tokens from now on), `tokens?mode=ok|unavailable&delay=`, and
 * `throttle`: from now on eleven calls at once, and one per second.
 *
 * Says its origin to the process that started it.
 */
import { randomUUID } from "node:crypto"
import { say } from "./parent.js"
import { answerOf, headerOf, type Received, serve } from "./rawHttp.js"

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url")

const none = { register: 0, token: 0, ok: 0, unauthorized: 0, throttled: 0 }
const counts = { ...none }
const clients = new Map<string, string>()
const tokens = new Set<string>()
let ttl = 21_600
let mode = "ok"
let tokenDelay = 0

const json = (status: number, value: unknown) => answerOf(status, JSON.stringify(value))

const register = (rfc: boolean): string => {
  counts.register += 1
  const id = randomUUID()
  const secret = randomUUID()
  clients.set(id, secret)
  return json(201, {
    client_id: id,
    client_secret: secret,
    client_id_issued_at: Math.floor(Date.now() / 1000),
    redirect_uris: ["app://callback"],
    grant_types: ["client_credentials"],
    ...(rfc ? { client_secret_expires_at: 0 } : {})
  })
}

const token = (request: Received, rfc: boolean): string => {
  counts.token += 1
  if (mode === "unavailable") return json(503, { error: "temporarily_unavailable" })
  const form = new URLSearchParams(request.body)
  const basic = Buffer.from(headerOf(request, "authorization")?.slice(6) ?? "", "base64").toString()
  const [basicId, basicSecret] = basic.split(":")
  const id = form.get("client_id") ?? basicId ?? ""
  const secret = clients.get(id)
  if (secret === undefined || secret !== (form.get("client_secret") ?? basicSecret)) {
    return json(400, { error: "invalid_client" })
  }
  const now = Math.floor(Date.now() / 1000)
  const issued = [
    base64({ alg: "RS256", typ: "JWT" }),
    base64({ iss: "auth.adobe.com", sub: id, iat: now, exp: now + ttl, jti: randomUUID() }),
    "s".repeat(342)
  ].join(".")
  tokens.add(issued)
  return json(rfc ? 200 : 201, {
    id: randomUUID(),
    access_token: issued,
    token_type: "bearer",
    expires_in: ttl,
    ...(rfc ? {} : { created_at: Date.now() })
  })
}

const configuration = json(200, {
  requestor: {
    id: "ACME",
    name: "Acme Television",
    domains: [{ name: "acme.example", mvpdInitiated: false }],
    mvpds: Array.from({ length: 100 }, (_, n) => ({
      id: `Provider${n}`,
      displayName: `Provider ${n}`,
      logoUrl: `https://img.example/${n}.png`,
      isProxy: n % 3 === 0,
      boardingStatus: "SUPPORTED",
      platformMappingId: `P${n}`,
      enablePlatformServices: true,
      displayInPlatformPicker: true,
      enforcePlatformPermissions: true,
      authPerAggregator: false
    }))
  }
})

const decision = (resource: string, authorized: boolean) => ({
  resource,
  serviceProvider: "ACME",
  mvpd: "Cablevision",
  source: "mvpd",
  authorized
})
const granted = json(200, { decisions: [decision("channel-one", true), decision("channel-two", false)] })
const refused = json(401, { status: 401, code: "access_denied", message: "The access token is not valid." })

/** When the bucket of the one device is full again, in milliseconds; undefined while nothing is throttled. */
let full: number | undefined

const isThrottled = (): boolean => {
  if (full === undefined) return false
  const next = Math.max(full, Date.now()) + 1000
  if (next - Date.now() > 11_000) return true
  full = next
  return false
}

const protectedApi = (request: Received): string => {
  if (isThrottled()) {
    counts.throttled += 1
    return json(429, {})
  }
  const authorization = headerOf(request, "authorization") ?? ""
  const known = tokens.has(authorization.slice("Bearer ".length))
  counts[known ? "ok" : "unauthorized"] += 1
  if (!known) return refused
  return request.target.endsWith("/configuration") ? configuration : granted
}

const control = (command: string, parameters: URLSearchParams): string => {
  switch (command) {
    case "counts":
      return json(200, counts)
    case "reset":
      Object.assign(counts, none)
      break
    case "revoke":
      tokens.clear()
      break
    case "ttl":
      ttl = Number(parameters.get("seconds"))
      break
    case "tokens":
      mode = parameters.get("mode") ?? "ok"
      tokenDelay = Number(parameters.get("delay") ?? 0)
      break
    case "throttle":
      full = 0
      break
    default:
      return json(404, {})
  }
  return json(200, {})
}

const server = serve((request, write) => {
  const { target } = request
  if (target.startsWith("/api/v2/")) {
    const at = target.indexOf("delay=")
    if (at === -1) write(protectedApi(request))
    else setTimeout(() => write(protectedApi(request)), Number.parseInt(target.slice(at + 6), 10))
    return
  }
  const [path = "", query = ""] = target.split("?")
  const rfc = path.startsWith("/rfc/")
  if (path.endsWith("/o/client/register")) write(register(rfc))
  else if (path.endsWith("/o/client/token")) {
    const answer = token(request, rfc)
    if (tokenDelay > 0) setTimeout(() => write(answer), tokenDelay)
    else write(answer)
  } else write(control(path.slice("/_control/".length), new URLSearchParams(query)))
})

server.listen(0, "127.0.0.1", () => {
  const address = server.address()
  if (typeof address === "object" && address !== null) say(`http://127.0.0.1:${address.port}`)
})
