// Which matches of a content are kept, and how many of an image. What is proven or likely is always kept; of what is possible
// or harmless each detector keeps so many, so that no flood of one hides another, and what is left out is counted.
import type { SecretKind, Strength } from './detector.ts'
import { type Candidate, compareReadings, pairAwsKeys, type SecretMatch } from './match.ts'

/** Places of one value that are kept of one content: more tell nothing. */
const MAX_PLACES = 10
/** Possible or harmless matches of one detector that are kept of one content. */
const MAX_WEAK = 1000
/** Where an image has so many of them, each further content keeps only the first few. */
const MANY_WEAK = 1000
const FEW_WEAK = 10
/** Matches before this one that may take the same bytes. */
const LOOK_BACK = 64
/** Bytes within which a match may still be paired or replaced. */
const UNSETTLED = 4096
/** Matches that are held until they are settled. */
const MAX_OPEN = 2000
/** A longer value counts as several matches: what is bounded is memory. */
const WEIGHT = 1024

const isWeak = (strength: Strength): boolean => strength === 'possible' || strength === 'harmless'
const kindOf = ({ detector, strength }: Candidate): string => `${detector.id} ${strength}`

/** How many matches one image may have. */
export class MatchBudget {
  /** More matches than the limit were found; they were not kept. */
  exceeded = false
  readonly limit: number
  #left: number
  readonly #around: MatchBudget | null
  /** Weak matches of the image, by detector and strength. */
  #weak: Map<string, number> | null = null

  constructor(limit: number, around: MatchBudget | null = null) {
    this.limit = limit
    this.#left = limit
    this.#around = around
  }

  #exceed(): void {
    this.exceeded = true
    if (this.#around !== null) this.#around.#exceed()
  }

  /** Weak matches of this kind that one content may keep. */
  weak(kind: string): number {
    return (this.#weak?.get(kind) ?? 0) < MANY_WEAK ? MAX_WEAK : FEW_WEAK
  }

  /** @returns whether the match may be kept */
  take(match: Candidate): boolean {
    this.#left -= 1 + Math.floor(match.value.length / WEIGHT)
    if (this.#left < 0) {
      this.#exceed()
      return false
    }
    if (isWeak(match.strength)) {
      this.#weak ??= new Map()
      this.#weak.set(kindOf(match), (this.#weak.get(kindOf(match)) ?? 0) + 1)
    }
    return true
  }

  /** For a text inside a content: its matches count only when the content takes them. */
  inside(): MatchBudget {
    return new MatchBudget(Math.max(0, this.#left), this)
  }
}

/** A copy that does not hold on to the window that the text was cut from. */
function detached(text: string): string {
  const copy = Buffer.from(text, 'latin1').toString('latin1')
  return copy === text ? copy : Buffer.from(text, 'utf16le').toString('utf16le')
}

const NO_FACTS: SecretMatch['facts'] = {}

function detachedMatch({ end: _end, ...match }: Candidate): SecretMatch {
  const value = detached(match.value)
  const facts = Object.entries(match.facts)
  return {
    ...match,
    detector: match.detector.id,
    value,
    identity: match.identity === match.value ? value : detached(match.identity),
    facts: facts.length === 0 ? NO_FACTS : Object.fromEntries(facts.map(([name, fact]) => [name, detached(fact)])),
    companion: match.companion === null ? null : detached(match.companion),
  }
}

const byPlace = (a: Candidate, b: Candidate): number => a.offset - b.offset || a.length - b.length

/** The matches of one content. */
export class Kept {
  /** What is settled, in order of position within each window. */
  readonly matches: SecretMatch[] = []
  /** Weak matches that were left out, by detector. */
  readonly dropped = new Map<SecretKind, number>()
  readonly #budget: MatchBudget
  readonly #isCapped: boolean
  /** Those that others may still take the place of. */
  #open: Candidate[] = []
  /** Kept places of each value. */
  readonly #places = new Map<string, number>()
  /** Weak matches by detector and strength. */
  readonly #weak = new Map<string, number>()

  /** @param isCapped whether weak matches are limited: not where reports quote the text, since all values of it are hidden there */
  constructor(budget: MatchBudget, isCapped: boolean) {
    this.#budget = budget
    this.#isCapped = isCapped
  }

  /** Adds one match for each stretch of bytes: what names an issuer wins over the generic, the longer over the shorter. */
  add(given: Candidate): void {
    const open = this.#open
    let candidate = given
    for (let i = open.length - 1, seen = 0; i >= 0 && seen < LOOK_BACK; i--, seen++) {
      const other = open[i]
      if (other === undefined || other.end <= candidate.offset || candidate.end <= other.offset) continue
      const [encoded, otherEncoded] = [candidate.encoding !== 'raw', other.encoding !== 'raw']
      const difference = compareReadings(candidate, other)
      // A token inside base64 names its issuer, where the login around it does not; between equals the raw text wins.
      const weaker =
        difference !== 0 ? difference < 0 : encoded !== otherEncoded ? encoded : candidate.length <= other.length
      // Two values inside one encoded block are two secrets.
      if (encoded && otherEncoded && candidate.identity !== other.identity) continue
      if (weaker) return
      open.splice(i, 1)
      // The text around a decoded token is as good as the token.
      if (encoded && !otherEncoded) candidate = { ...candidate, companion: other.value }
    }
    open.push(candidate)
    if (open.length > MAX_OPEN) this.settle(Number.POSITIVE_INFINITY)
  }

  /** Adds what was found in another walk over the content. */
  merge(more: readonly Candidate[]): void {
    if (more.length === 0) return
    const all = [...this.#open, ...more].sort(byPlace)
    this.#open = []
    for (const candidate of all) this.add(candidate)
  }

  /** Counts what the scan of a text inside this one left out. */
  leaveOut(dropped: ReadonlyMap<SecretKind, number>): void {
    for (const [kind, count] of dropped) this.dropped.set(kind, (this.dropped.get(kind) ?? 0) + count)
  }

  /** Settles what ends well before a position, up to which all is found. */
  settle(done: number): void {
    if (this.#open.length === 0) return
    const open = pairAwsKeys(this.#open.sort(byPlace))
    const bound = done - UNSETTLED
    this.#open = open.filter(({ end }) => end > bound)
    for (const match of open) if (match.end <= bound) this.#keep(match)
  }

  #keep(match: Candidate): void {
    const kind = kindOf(match)
    const key = `${kind} ${match.identity}`
    const places = this.#places.get(key) ?? 0
    if (places >= MAX_PLACES) return
    const weak = this.#weak.get(kind) ?? 0
    const isTooMuch = this.#isCapped && isWeak(match.strength) && weak >= this.#budget.weak(kind)
    if (isTooMuch || !this.#budget.take(match)) {
      this.dropped.set(match.detector, (this.dropped.get(match.detector) ?? 0) + 1)
      return
    }
    this.#places.set(key, places + 1)
    this.#weak.set(kind, weak + 1)
    this.matches.push(detachedMatch(match))
  }
}
