// Many values looked for in many texts at once: the time grows with the texts, not with texts times values.

/** A shorter value could be any word: it is not searched for elsewhere. */
const MIN_SEARCHED = 8
/** Characters that tell which values could start here, and those of them that a table tells without making a text. */
const KEY = MIN_SEARCHED
const FILTER = 4
const TABLE = 1 << 16
/** Steps that values with the same start may take in all: far more than any image needs, a second or two of time. */
const MAX_STEPS = 20_000_000

function slot(text: string, at: number): number {
  let hash = 0
  for (let i = 0; i < FILTER; i++) hash = (Math.imul(hash, 131) + text.charCodeAt(at + i)) & (TABLE - 1)
  return hash
}

/** Values that are searched for. */
export class ValueSearch {
  readonly #table = new Uint8Array(TABLE)
  /** By their first characters, then by their length. */
  readonly #byStart = new Map<string, Map<number, Set<string>>>()
  #steps = 0

  constructor(values: Iterable<string>) {
    for (const value of values) {
      if (value.length < MIN_SEARCHED) continue
      this.#table[slot(value, 0)] = 1
      const start = value.slice(0, KEY)
      const byLength = this.#byStart.get(start) ?? new Map<number, Set<string>>()
      this.#byStart.set(start, byLength)
      byLength.set(value.length, (byLength.get(value.length) ?? new Set()).add(value))
    }
  }

  /** Where values stand in a text, in characters, in order; of one value none that overlap. */
  *in(text: string): Generator<{ readonly value: string; readonly at: number }> {
    if (this.#byStart.size === 0) return
    const ends = new Map<string, number>()
    for (let at = 0; at + KEY <= text.length; at++) {
      if (this.#table[slot(text, at)] === 0) continue
      for (const [length, values] of this.#byStart.get(text.slice(at, at + KEY)) ?? []) {
        this.#steps += 1 + (length >> 4)
        if (this.#steps > MAX_STEPS) return
        const value = text.slice(at, at + length)
        if (!values.has(value) || at < (ends.get(value) ?? 0)) continue
        ends.set(value, at + length)
        yield { value, at }
      }
    }
  }
}
