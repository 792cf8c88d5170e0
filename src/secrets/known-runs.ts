// All values that must not be shown, as one index: where in a text stands a run of characters that one of them has. A value that
// was cut off, broken over lines or glued to others is found by what is left of it. One walk over the text, however many values.
import { isOfWords } from './word-like.ts'

/** A stretch of a text that is a value or a part of one. */
export interface Run {
  readonly from: number
  readonly to: number
  /** What is shown for the whole value; null for a part of one. */
  readonly shown: string | null
}

interface Entry {
  readonly start: number
  readonly end: number
  readonly shown: string
}

/** Fewer characters of a value tell nothing of it, and stand in other texts. */
export const MIN_RUN = 10
/** Characters by which a run is looked up; one of each STRIDE places of a value is in the index, so that no run of MIN_RUN is missed. */
const GRAM = 7
const STRIDE = MIN_RUN - GRAM + 1
/** Places of values that begin with the same characters: what all tokens of a kind begin with tells none of them. */
const MAX_SAME = 32
/** Comparisons of characters that one character of a text may cost, before all of it is hidden. */
const MAX_WORK = 60
/** Runs that are remembered, so that each is followed once. */
const MAX_KNOWN = 4096
/** Multiplier of the rolling hash, and itself to the power of GRAM - 1. */
const BASE = 0x01000193
const TOP = Array.from({ length: GRAM - 1 }).reduce<number>((power) => Math.imul(power, BASE), 1)

/** What every key of a kind and every file of keys has: nothing of the value. */
const STRUCTURE = new RegExp(
  [
    '-----(?:BEGIN|END)[A-Z0-9 ]{0,60}-----',
    '\\b[a-z][a-z0-9+.-]{1,20}://(?:[^\\s/@:]{1,100}@)?[\\w.-]{1,200}',
    // What DER and OpenSSH write in front of a key: version, algorithm, lengths. Public keys and certificates have it too.
    'MI[A-Za-z0-9+/]{2,6}(?:IBADANB|AgEAMB[AM])[A-Za-z0-9+/]{26}',
    'MC4CAQAwBQYDK2VwBCIE',
    'b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAA[A-Za-z0-9+/]{8}',
  ].join('|'),
  'g',
)

const hashOf = (text: string, at: number): number => {
  let hash = 0
  for (let i = at; i < at + GRAM; i++) hash = (Math.imul(hash, BASE) + text.charCodeAt(i)) | 0
  return hash
}

export class KnownRuns {
  readonly #all: string
  readonly #entries: readonly Entry[]
  /** Places in `#all` by hash: heads of lists, and the next of each. */
  readonly #heads: Int32Array
  readonly #next: Int32Array
  readonly #places: Int32Array
  readonly #owners: Int32Array
  readonly #mask: number

  /** @param values of MIN_RUN characters at least, each with what is shown for it */
  constructor(values: ReadonlyMap<string, string>) {
    const entries: Entry[] = []
    const parts: string[] = []
    let length = 0
    for (const [value, shown] of values) {
      entries.push({ start: length, end: length + value.length, shown })
      parts.push(value)
      length += value.length
    }
    this.#all = parts.join('')
    this.#entries = entries
    const most = Math.ceil(length / STRIDE) + entries.length * 2
    let size = 1024
    while (size < most * 2) size *= 2
    this.#mask = size - 1
    this.#heads = new Int32Array(size).fill(-1)
    this.#next = new Int32Array(most)
    this.#places = new Int32Array(most)
    this.#owners = new Int32Array(most)
    let count = 0
    for (const [owner, entry] of entries.entries())
      for (const at of this.#seedsOf(entry)) if (this.#add(count, at, owner)) count++
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0
  }

  /** Places of a value by which it is found: none inside what all of its kind have. */
  #seedsOf({ start, end }: Entry): Set<number> {
    const value = this.#all.slice(start, end)
    const hollow = [...value.matchAll(STRUCTURE)]
      .map(({ 0: found, index }) => [index, index + found.length] as const)
      .filter(([from, to]) => to - from < value.length)
    const seeds = new Set<number>()
    let from = 0
    for (const [hole, behind] of [...hollow, [value.length, value.length] as const]) {
      for (let at = from; at + GRAM <= hole; at += STRIDE) seeds.add(start + at)
      if (hole - from >= GRAM) seeds.add(start + hole - GRAM)
      from = behind
    }
    return seeds
  }

  #add(index: number, place: number, owner: number): boolean {
    const slot = hashOf(this.#all, place) & this.#mask
    let same = 0
    for (let i = this.#heads[slot] ?? -1; i !== -1; i = this.#next[i] ?? -1) if (++same > MAX_SAME) return false
    this.#places[index] = place
    this.#owners[index] = owner
    this.#next[index] = this.#heads[slot] ?? -1
    this.#heads[slot] = index
    return true
  }

  /** All runs of a text, each as long as it goes. Where the search would take too long, the whole text is one run. */
  in(text: string): Run[] {
    if (this.#entries.length === 0 || text.length < GRAM) return []
    const found: Run[] = []
    /** By how far the text is ahead of the index, up to where that is known. */
    const known = new Map<number, number>()
    let work = text.length * MAX_WORK
    let hash = hashOf(text, 0)
    for (let at = 0; ; at++) {
      for (let i = this.#heads[hash & this.#mask] ?? -1; i !== -1; i = this.#next[i] ?? -1) {
        const place = this.#places[i] ?? 0
        const ahead = place - at
        if ((known.get(ahead) ?? 0) > at) continue
        const entry = this.#entries[this.#owners[i] ?? 0]
        if (entry === undefined) continue
        const run = this.#extend(text, at, place, entry)
        if (run === null) {
          work -= GRAM
        } else {
          work -= run.to - run.from
          if (known.size >= MAX_KNOWN) known.clear()
          known.set(ahead, run.to)
          if (run.shown !== null || (run.to - run.from >= MIN_RUN && !isOfWords(text.slice(run.from, run.to))))
            found.push(run)
        }
        if (work < 0) return [{ from: 0, to: text.length, shown: null }]
      }
      if (at + GRAM >= text.length) return found
      hash = (Math.imul(hash - Math.imul(text.charCodeAt(at), TOP), BASE) + text.charCodeAt(at + GRAM)) | 0
    }
  }

  /** How far text and value are the same around a place; null where they are not. */
  #extend(text: string, at: number, place: number, { start, end, shown }: Entry): Run | null {
    for (let i = 0; i < GRAM; i++) if (text.charCodeAt(at + i) !== this.#all.charCodeAt(place + i)) return null
    let [from, to] = [0, GRAM]
    while (
      at - from > 0 &&
      place - from > start &&
      text.charCodeAt(at - from - 1) === this.#all.charCodeAt(place - from - 1)
    )
      from++
    while (at + to < text.length && place + to < end && text.charCodeAt(at + to) === this.#all.charCodeAt(place + to))
      to++
    return { from: at - from, to: at + to, shown: from + to === end - start ? shown : null }
  }
}
