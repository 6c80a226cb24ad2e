/** What a script may change while the emulator runs. */
export interface Settings {
  /** How far the emulator's clock is ahead of Effect's, in ms; negative when behind. */
  skewMillis: number
  tokenTtlSeconds: number
  issuedAtUnit: "s" | "ms"
  readonly deviceInfo: "strict" | "lenient"
}
