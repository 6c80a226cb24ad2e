/** What is compared: a client of Adobe Pass, made with one library or another. */

/** The service as a client is told of it, and the device that it calls for. */
export interface Target {
  /** Origin of `/o/client/*` and `/api/v2/*`. */
  readonly baseUrl: string
  readonly softwareStatement: string
  /** Its address, and its identifier, which is made of the address. */
  readonly ip: string
  readonly deviceId: string
  /** What each protected call of the device says besides its token. */
  readonly deviceHeaders: Readonly<Record<string, string>>
}

/** How calls ended, by status or by the name of the error, and how many of each. */
export type Outcomes = Readonly<Record<string, number>>

/** A client for one device: it has nothing when it is made, and registers when it is used first. */
export interface Client {
  /** GET of this path with a valid token, the whole body read; answers with the status, after whatever the library repeats. */
  readonly call: (path: string) => Promise<number>
  /**
   * These calls, so many at a time, as a program that uses the library would make them; by `call` where there is no
   * other way.
   */
  readonly run?: (paths: ReadonlyArray<string>, concurrency: number) => Promise<Outcomes>
  /** Turns of fibers for a call; absent where there are none. */
  readonly steps?: (path: string) => Promise<number>
  /** What the store of the library was asked for so far; absent where there is none. */
  readonly storeOperations?: () => number
}

export interface Contender {
  readonly open: (target: Target) => Promise<Client>
}

const nameOf = (error: unknown): string =>
  error instanceof Error
    ? error.constructor === Error
      ? error.message.slice(0, 40)
      : error.name
    : `${error}`

/** Makes these calls, so many at a time. */
export const runCalls = async (
  client: Client,
  paths: ReadonlyArray<string>,
  concurrency: number
): Promise<Outcomes> => {
  if (client.run !== undefined) return client.run(paths, concurrency)
  const outcomes: Record<string, number> = {}
  let next = 0
  const worker = async () => {
    while (next < paths.length) {
      const path = paths[next] ?? ""
      next += 1
      const outcome = await client.call(path).then(String, nameOf)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, paths.length) }, worker))
  return outcomes
}

/** What protected calls ask for, in all scenarios. */
export const decisions = "/api/v2/ACME/decisions/authorize/Cablevision"

/** What a picker of MVPDs asks for. */
export const configuration = "/api/v2/ACME/configuration"
