/** The flags that the commands of sessions share. */
import * as Options from "@effect/cli/Options"
import * as Settings from "../Settings.js"
import * as Variable from "../Variable.js"

const { config, environment, profile, statement, storeDirectory } = Settings.options

/** Which store: its sessions are listed and forgotten without a software statement. */
export const store = { profile, config, storeDirectory }

/** Which registered application, where the session of a device is meant. */
export const application = { ...store, environment, statement }

export const json = Options.boolean("json").pipe(
  Options.withDescription("Write JSON, one object on each line")
)

/** The keys of an export, which are never those of the store. */
export const keysFile = Options.text("keys-file").pipe(
  Options.withDescription(
    `The keys of the export: an id and the output of "openssl rand -base64 32" on each line (or ${Variable.of("export.keysFile")})`
  ),
  Options.optional
)
