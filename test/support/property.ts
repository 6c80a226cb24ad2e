/** Runs of a property: the seed is fixed, so that a failure is the same one everywhere. fast-check prints it. */
export const runs = (numRuns: number): { readonly fastCheck: { seed: number; numRuns: number } } => ({
  fastCheck: { seed: 20_260_515, numRuns }
})
