/** Text of an answer as a terminal may show it. */

/** Without characters that a terminal obeys or that change the direction of text. */
export const shown = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, "\uFFFD")

/** JSON in which such characters are escaped: the value stays the same. */
export const shownJson = (value: unknown): string =>
  JSON.stringify(value, undefined, 2).replace(/[\u007f-\u009f\p{Cf}\u2028\u2029]/gu, (character) =>
    Array.from({ length: character.length }, (_, at) => escaped(character, at)).join("")
  )

const escaped = (character: string, at: number): string =>
  `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`
