import type { ChildProcess } from "node:child_process"
import { createServer } from "node:net"
import { describe } from "@effect/vitest"
import { Effect } from "effect"

/** A port of this machine that nobody listens on now. */
export const freePort = Effect.async<number>((resume) => {
  const server = createServer()
  server.listen(0, "127.0.0.1", () => {
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : 0
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** Whether the process was started and has not ended. */
export const isRunning = ({ exitCode, pid, signalCode }: ChildProcess): boolean =>
  pid !== undefined && exitCode === null && signalCode === null

const inCi = (process.env["CI"] ?? "") !== ""

/**
 * Tests that need a server. They are skipped, and say why, where it is missing; under CI they run, and fail. They run at
 * the same time, each on a server, a database or keys of its own.
 */
export const describeWith =
  (missing: string | undefined) =>
  (name: string, tests: () => void, options: { readonly concurrent: boolean } = { concurrent: true }) => {
    if (missing === undefined || inCi) describe(name, options, tests)
    else describe.skip(`${name} (skipped: ${missing})`, tests)
  }
