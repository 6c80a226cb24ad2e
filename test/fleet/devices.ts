import { createHash } from "node:crypto"

/** An address of its own for each device. */
export const addressOf = (device: string): string => {
  const digest = createHash("sha256").update(device).digest()
  return `10.${digest[0]}.${digest[1]}.${digest[2]}`
}
