/** For the scripts that run in processes of their own: they end when nobody is there to listen. */
process.once("disconnect", () => process.exit())

/** Says something to the process that started this one. */
export const say = (said: unknown): void => void process.send?.(said)
