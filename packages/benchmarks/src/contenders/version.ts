import { createRequire } from "node:module"

const requireFrom = createRequire(import.meta.url)

/** Of the package that is installed. */
export const versionOf = (name: string): string => {
  const { version }: { readonly version: string } = requireFrom(`${name}/package.json`)
  return version
}
