/** The environment of the commands that we start. */
import * as Variable from "../Variable.js"

const ours = new Set(Array.from(Variable.secrets.keys(), Variable.of))

/** Our environment without the secrets that only we need, and with these variables. */
export const environment = (added: Readonly<Record<string, string>>): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !ours.has(name))),
  ...added
})
