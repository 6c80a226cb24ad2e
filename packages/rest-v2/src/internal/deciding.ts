/** Decisions on resources, which are asked for again where an error says that it may help. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schedule from "effect/Schedule"
import { type CallRefused, UnexpectedResponse } from "effect-adobe-pass/AdobePassError"

/** What decisions have in common: those that deny have an error. */
export interface Decided {
  readonly resource: string
  readonly error?: CallRefused
}

/** Three repetitions in all, after about 1, 2 and 4 seconds: each pause is longer than the one before. */
const pauses = Schedule.exponential("1 second").pipe(
  Schedule.jitteredWith({ min: 0.5, max: 1 }),
  Schedule.intersect(Schedule.recurs(3))
)

/** Resources as they are compared: Adobe Pass may answer with a blank behind one. */
export const nameOf = (resource: string): string => resource.trim()

const mayChange = (decision: Decided | undefined): boolean => decision?.error?._tag === "TemporaryFailure"

/** Each resource once, as it is written first: a catalogue may have thousands. */
const distinct = (resources: ReadonlyArray<string>): ReadonlyArray<string> => {
  const names = new Set<string>()
  return resources.filter((resource) => names.size < names.add(nameOf(resource)).size)
}

/** The decisions in the order of the resources. That all have one is part of the contract. */
const inOrder = <D>(
  resources: ReadonlyArray<string>,
  decisions: ReadonlyMap<string, D>
): Either.Either<ReadonlyArray<D>, UnexpectedResponse> => {
  const [missing, decided] = Arr.separate(
    resources.map((resource, n) =>
      Either.fromNullable(decisions.get(nameOf(resource)), () => `decisions (none for resources.${n})`)
    )
  )
  return Arr.isEmptyArray(missing)
    ? Either.right(decided)
    : Either.left(
        new UnexpectedResponse({
          operation: "call",
          status: 200,
          reason: "UnexpectedJson",
          issues: missing
        })
      )
}

/** Asks for a decision on each resource, and again for those whose error says `retry`. */
export const deciding = <D extends Decided, E, R>(
  resources: ReadonlyArray<string>,
  ask: (resources: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<D>, E, R>
): Effect.Effect<ReadonlyArray<D>, E | UnexpectedResponse, R> =>
  Effect.gen(function* () {
    const pause = yield* Schedule.driver(pauses)
    const decisions = new Map<string, D>()
    const round = (open: ReadonlyArray<string>): Effect.Effect<void, E, R> =>
      Effect.gen(function* () {
        for (const decision of yield* ask(open)) decisions.set(nameOf(decision.resource), decision)
        const again = open.filter((resource) => mayChange(decisions.get(nameOf(resource))))
        if (again.length === 0) return
        const isOver = yield* Effect.isFailure(pause.next(undefined))
        if (!isOver) yield* round(again)
      })
    yield* round(distinct(resources))
    return yield* inOrder(resources, decisions)
  })
