/** What the command prints when it has started: where it is, and lines for a shell that run the flow. */
import type { Emulator } from "../Emulator.js"
import type { Mvpd, World } from "../World.js"

const device = `-H 'ap-device-identifier: fingerprint ZGV2aWNlLTE='`

/** The first MVPD that somebody can sign in with. */
const withPeople = ({ mvpds, serviceProviders: [{ mvpds: integrated }] }: World): Mvpd | undefined =>
  mvpds.find(({ id, people }) => integrated.includes(id) && people.length > 0)

const login = (baseUrl: string, world: World): ReadonlyArray<string> => {
  const [{ domains, id }] = world.serviceProviders
  const mvpd = withPeople(world)
  const [person] = mvpd?.people ?? []
  if (mvpd === undefined || person === undefined) return []
  const form = `-d mvpd=${mvpd.id} -d domainName=${domains[0]} -d redirectUrl=${baseUrl}/signed-in`
  return [
    `curl -s ${baseUrl}/api/v2/${id}/sessions -H 'authorization: Bearer ACCESS_TOKEN' ${device} ${form}`,
    "",
    `Open the url of that answer in a browser, after ${baseUrl}, and sign in as ${person.user} with the password ${person.password}.`
  ]
}

export const welcome = (
  { baseUrl, softwareStatement }: Pick<Emulator, "baseUrl" | "softwareStatement">,
  world: World,
  control: boolean
): string =>
  [
    `Adobe Pass emulator: ${baseUrl}`,
    `Second screen:       ${baseUrl}/activate`,
    ...(control
      ? [`Console:             ${baseUrl}/_emulator/ (with curl: the commands of the control API)`]
      : []),
    "",
    "Software statement:",
    softwareStatement,
    "",
    "For a program that reads its configuration from variables:",
    `export ADOBE_PASS_ENVIRONMENT=emulator ADOBE_PASS_SP_URL=${baseUrl}`,
    `export ADOBE_PASS_SOFTWARE_STATEMENT=${softwareStatement}`,
    "",
    "Try it:",
    `curl -s ${baseUrl}/o/client/register -H 'content-type: application/json' -d '{"software_statement":"${softwareStatement}"}'`,
    `curl -s ${baseUrl}/o/client/token -d grant_type=client_credentials -d client_id=CLIENT_ID -d client_secret=CLIENT_SECRET`,
    `curl -s ${baseUrl}/api/v2/${world.serviceProviders[0].id}/configuration -H 'authorization: Bearer ACCESS_TOKEN' ${device}`,
    ...login(baseUrl, world),
    "",
    "Ctrl-C stops it."
  ].join("\n")
