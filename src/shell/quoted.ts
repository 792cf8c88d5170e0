// A word as a shell reads it whole.

const PLAIN = /^[\w./:=,@%+-]+$/

/** A word in quotes where it needs them. */
export const quoted = (word: string): string => (PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
