/** What the forms of the console say, as the bodies that the commands of the control API take. */

export type Fields = Readonly<Record<string, string>>

/** A number where the text is one, so that the command can say what is wrong with it. */
const number = (text: string | undefined): unknown =>
  text === undefined || text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text)

const fault = ({ delay, fault, status }: Fields): unknown =>
  fault === "Answer"
    ? { _tag: fault, status: number(status) }
    : fault === "Delay"
      ? { _tag: fault, duration: number(delay) }
      : { _tag: fault }

/** What a person has left empty is not said. */
const given = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, text]) => text !== ""))

const bodies: Readonly<Record<string, (fields: Fields) => unknown>> = {
  fail: (fields) => ({ route: fields["route"], times: number(fields["times"]), fault: fault(fields) }),
  clock: ({ direction, minutes }) => {
    const count = number(minutes)
    return {
      skewMillis: typeof count === "number" ? count * 60_000 * (direction === "behind" ? -1 : 1) : count
    }
  },
  degrade: given,
  "mvpd-fails": ({ times, ...fields }) => ({ ...given(fields), times: number(times) }),
  "token-ttl": ({ seconds }) => ({ seconds: number(seconds) })
}

/** Fields that a command takes as they are need no rule. */
export const bodyOf = (command: string, { returnTo, ...fields }: Fields): unknown =>
  bodies[command]?.(fields) ?? fields
