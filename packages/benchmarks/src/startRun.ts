/** A cold process up to its first token: `startRun.js <contender> <target>`. Prints the milliseconds since it was started. */
import { decisions, type Target } from "./contender.js"

const [, , name = "", told = ""] = process.argv
const target: Target = JSON.parse(told)

// What every program with the library loads from Effect, and nothing else.
if (name === "Effect, Schema and the platform") {
  await Promise.all([import("effect/Effect"), import("effect/Schema"), import("@effect/platform/HttpClient")])
  console.log(performance.now())
  process.exit(0)
}

const contender =
  name === "effect-adobe-pass"
    ? (await import("./contenders/ours.js")).ours({ unthrottled: true })
    : await only(name)

/** Nothing else may be loaded. */
async function only(wanted: string) {
  switch (wanted) {
    case "openid-client":
      return (await import("./contenders/openidClient.js")).openidClient
    case "oauth4webapi":
      return (await import("./contenders/oauth4webapi.js")).oauth4webapi
    case "@badgateway/oauth2-client":
      return (await import("./contenders/badgateway.js")).badgateway
    case "simple-oauth2":
      return (await import("./contenders/simpleOauth2.js")).simpleOauth2
    case "google-auth-library":
      return (await import("./contenders/googleAuthLibrary.js")).googleAuthLibrary
    case "@azure/core-rest-pipeline":
      return (await import("./contenders/azureCoreRestPipeline.js")).azureCoreRestPipeline
    case "hand-written with axios":
      return (await import("./contenders/axios.js")).axiosByHand
    case "fetch":
      return (await import("./contenders/fetch.js")).fetchByHand
    default:
      return (await import("./contenders/undiciRequest.js")).undiciRequest
  }
}

const client = await contender.open(target)
const status = await client.call(decisions)
if (status !== 200) throw new Error(`${name}: ${status}`)
console.log(performance.now())
process.exit(0)
