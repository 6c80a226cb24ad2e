/** A cold process up to its first token: `startRun.js <contender> <target>`. Prints the milliseconds since it was started. */
import { decisions, type Target } from "./contender.js"

const [, , name = "", told = ""] = process.argv
const target: Target = JSON.parse(told)

const contender =
  name === "effect-adobe-pass"
    ? (await import("./contenders/ours.js")).ours({ throttle: { burst: 1_000_000_000 } })
    : await only(name)

/** Nothing else may be loaded. */
async function only(wanted: string) {
  switch (wanted) {
    case "openid-client":
      return (await import("./contenders/openidClient.js")).openidClient
    case "oauth4webapi":
      return (await import("./contenders/oauth4webapi.js")).oauth4webapi
    case "google-auth-library":
      return (await import("./contenders/googleAuthLibrary.js")).googleAuthLibrary
    case "@azure/core-rest-pipeline":
      return (await import("./contenders/azureCoreRestPipeline.js")).azureCoreRestPipeline
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
