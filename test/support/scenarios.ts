/** Adobe's published throttle tables: seconds since the first request, and whether it passes. */
export type Scenario = ReadonlyArray<readonly [seconds: number, status: 200 | 429]>

export const current: { readonly burst: number; readonly rows: Scenario } = {
  burst: 10,
  rows: [
    [0, 200],
    [0.3, 200],
    [0.6, 200],
    [0.9, 200],
    [1.2, 200],
    [1.3, 200],
    [1.4, 200],
    [1.5, 200],
    [1.6, 200],
    [1.7, 200],
    [1.8, 200],
    [2.1, 200],
    [2.2, 200],
    [2.4, 429],
    [2.6, 429],
    [2.8, 429],
    [3.1, 200]
  ]
}

export const old: { readonly burst: number; readonly rows: Scenario } = {
  burst: 3,
  rows: [
    [0, 200],
    [0.3, 200],
    [0.6, 200],
    [0.9, 200],
    [1.2, 200],
    [1.4, 429],
    [1.6, 429],
    [1.8, 429],
    [2.1, 200]
  ]
}
