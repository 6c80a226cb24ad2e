/** The page that explains the control API: every command, and a line for a shell for each fault. */
import type { Answer } from "./answer.js"

const faults: ReadonlyArray<readonly [what: string, fault: string]> = [
  ["this answer", `{"_tag":"Answer","status":503,"headers":{"retry-after":"7"},"body":"later"}`],
  ["a late answer", `{"_tag":"Delay","duration":250,"moment":"after-handling"}`],
  ["answers that are late by different times", `{"_tag":"Latency","median":50,"p99":2000}`],
  ["no answer", `{"_tag":"Hang"}`],
  ["a reset connection", `{"_tag":"Reset","moment":"after-handling"}`],
  ["half of the body", `{"_tag":"Truncate"}`],
  ["a refused connection", `{"_tag":"Refuse"}`]
]

export const controlPage = (baseUrl: string, commands: ReadonlyArray<readonly [string, string]>): Answer => {
  const width = Math.max(...commands.map(([command]) => command.length))
  const curl = (command: string, body: string) => `curl -s ${baseUrl}/_emulator/${command} -d '${body}'`
  return {
    status: 200,
    headers: [["content-type", "text/plain;charset=UTF-8"]],
    body: [
      "The control API of the Adobe Pass emulator. Bodies are JSON. A command that changes something answers 204.",
      "",
      ...commands.map(([command, what]) => `  ${command.padEnd(width)}  ${what}`),
      "",
      "Make the next request of a route fail (register, token, api, management, other):",
      "",
      ...faults.flatMap(([what, fault]) => [`# ${what}`, curl("fail", `{"route":"token","fault":${fault}}`)]),
      "",
      "Make every request of one address fail, or one in ten:",
      "",
      curl("fail", `{"route":"api","times":"always","forwardedFor":"203.0.113.7","fault":{"_tag":"Reset"}}`),
      curl("fail", `{"route":"api","probability":0.1,"fault":{"_tag":"Answer","status":503}}`),
      curl("clear-faults", "{}"),
      ""
    ].join("\n")
  }
}
