/**
 * Measuring side by side on a machine that does other things, too: all contenders take turns within a round, and a
 * ratio is taken within a round, so that what disturbs one disturbs the other.
 */
import { Effect } from "effect"
import { type Quartiles, quartiles, spread } from "./statistics.js"

/** What one unit of work cost in a slice, in microseconds. */
export interface Slice {
  readonly wall: number
  /** Of the whole process. */
  readonly processor: number
}

/** Slices by round and contender. The first contender is in each round. */
export type Rounds = ReadonlyArray<ReadonlyArray<Slice | undefined>>

/** Quartiles that lie further apart than this are not steady. */
const steady = 0.15

const of = (rounds: Rounds, one: number, field: keyof Slice) =>
  rounds.flatMap((round) => round[one]?.[field] ?? [])

/** The best quartile: what the work costs when little disturbs it. */
export const cost = (rounds: Rounds, one: number, field: keyof Slice = "wall"): number =>
  quartiles(of(rounds, one, field)).low

/** How many times of what another one took it took, pair by pair. */
export const ratio = (rounds: Rounds, one: number, other: number, field: keyof Slice = "wall"): Quartiles =>
  quartiles(
    rounds.flatMap((round) => {
      const [left, right] = [round[one], round[other]]
      return left === undefined || right === undefined ? [] : [left[field] / right[field]]
    })
  )

const isSteady = (rounds: Rounds, one: number): boolean =>
  spread(ratio(rounds, one, 0, "wall")) <= steady && spread(ratio(rounds, one, 0, "processor")) <= steady

/**
 * One round: so many short turns of each, which make its slice. Each time another one begins, because what runs after a
 * slow one finds a warmer machine.
 */
const round = <E, R>(
  contenders: ReadonlyArray<Effect.Effect<Slice, E, R>>,
  wanted: ReadonlyArray<number>,
  turns: number
) =>
  Effect.gen(function* () {
    const slices = contenders.map((): Slice | undefined => undefined)
    for (let turn = 0; turn < turns; turn++) {
      for (let place = 0; place < wanted.length; place++) {
        const one = wanted[(place + turn) % wanted.length] ?? 0
        const contender = contenders[one]
        if (contender === undefined) continue
        const { processor, wall } = yield* contender
        const sum = slices[one] ?? { wall: 0, processor: 0 }
        slices[one] = { wall: sum.wall + wall / turns, processor: sum.processor + processor / turns }
      }
    }
    return slices
  })

export interface Plan {
  /** Rounds that are not counted. */
  readonly practice: number
  readonly rounds: number
  /** As many are made with those that are not steady, and with the first. */
  readonly most: number
  /** How often each contender has its turn in a round. */
  readonly turns: number
  /** No round begins after so many, but for the first few; half of them are for practice at most. */
  readonly seconds: number
}

/** As many rounds are made however long they take. */
const fewest = 5

/** Measures contenders in turns. */
export const inTurns = <E, R>(
  contenders: ReadonlyArray<Effect.Effect<Slice, E, R>>,
  { most, practice, rounds, seconds, turns }: Plan
): Effect.Effect<Rounds, E, R> =>
  Effect.gen(function* () {
    const start = performance.now()
    const isOver = (part: number) => performance.now() - start > part * seconds * 1000
    const all = contenders.map((_, one) => one)
    for (let number = 0; number < practice && (number === 0 || !isOver(0.5)); number++) {
      yield* round(contenders, all, turns)
    }
    const taken: Array<ReadonlyArray<Slice | undefined>> = []
    while (taken.length < most && (taken.length < fewest || !isOver(1))) {
      const wanted = taken.length < rounds ? all : all.filter((one) => one === 0 || !isSteady(taken, one))
      if (wanted.length < 2) break
      taken.push(yield* round(contenders, wanted, turns))
    }
    return taken
  })

/** A paragraph about those that did not become steady; empty when all did. */
export const unsteady = (rounds: Rounds, names: ReadonlyArray<string>, what: string): string => {
  const found = names.filter((_, one) => one > 0 && !isSteady(rounds, one))
  const which = found.length === names.length - 1 ? "all ratios" : `the ratios of ${found.join(", ")}`
  return found.length === 0
    ? ""
    : `\n\n${what}: after ${rounds.length} rounds the quartiles of ${which} lie further apart than 15 %.`
}
