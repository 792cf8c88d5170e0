// Improves an assignment of literals to buckets by simulated annealing: each step moves one literal to another bucket, or to
// other three bytes of it, and is kept when the modelled cost of a position falls, or rises a little while it is hot. Takes
// seconds: only for the table that is made when the project is built. The same literals give the same table.

/** Allowed low and high nibbles at one fingerprint byte, as two 16-bit sets. */
type NibbleSets = readonly [low: number, high: number]
export type Fingerprint = readonly NibbleSets[]

/** Three bytes of a literal that it can be found by. */
export interface Choice {
  readonly fingerprint: Fingerprint
  /** Modelled share of positions at which these three bytes stand. */
  readonly rate: number
  /** Literals that are found by three bytes of one hash are compared one after the other. */
  readonly chain: number
}

export interface Assignment {
  /** For each literal the number of its choice and of its bucket. */
  readonly choices: Int32Array
  readonly buckets: Int32Array
}

const STEPS = 1_200_000
/** From where to where the temperature falls, as shares of all positions. */
const HOT = 2e-4
const COLD = 1e-8
/** What it costs to look at a position whose three bytes are those of a literal, where to look at one that passes the masks costs 1. */
const VERIFY = 6
const BYTES = 3

/** xorshift32, from a fixed seed. */
function generator(): (below: number) => number {
  let state = 0x9e3779b9
  return (below) => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) % below
  }
}

/** One bucket: how many of its literals allow each nibble at each byte, and what that makes it cost. */
class Bucket {
  readonly #counts = new Int32Array(BYTES * 32)
  readonly #sets = new Int32Array(BYTES * 2)
  readonly #byteCost: (low: number, high: number) => number

  constructor(byteCost: (low: number, high: number) => number) {
    this.#byteCost = byteCost
  }

  change(fingerprint: Fingerprint, by: 1 | -1): void {
    for (let byte = 0; byte < BYTES; byte++) {
      for (let side = 0; side < 2; side++) {
        let set = this.#sets[byte * 2 + side] ?? 0
        const nibbles = fingerprint[byte]?.[side] ?? 0
        for (let nibble = 0; nibble < 16; nibble++) {
          if (((nibbles >> nibble) & 1) === 0) continue
          const at = byte * 32 + side * 16 + nibble
          const count = (this.#counts[at] ?? 0) + by
          this.#counts[at] = count
          if (count === 0) set &= ~(1 << nibble)
          else set |= 1 << nibble
        }
        this.#sets[byte * 2 + side] = set
      }
    }
  }

  get cost(): number {
    let product = 1
    for (let byte = 0; byte < BYTES; byte++)
      product *= this.#byteCost(this.#sets[byte * 2] ?? 0, this.#sets[byte * 2 + 1] ?? 0)
    return product
  }
}

/**
 * @param options for each literal the three bytes that it can be found by
 * @param start where to begin
 * @param byteCost share of bytes that two sets of nibbles let pass
 * @param maxChain literals that may share a hash
 */
export function anneal(
  options: readonly (readonly Choice[])[],
  start: Assignment,
  bucketCount: number,
  byteCost: (low: number, high: number) => number,
  maxChain: number,
): Assignment {
  const choices = Int32Array.from(start.choices)
  const home = Int32Array.from(start.buckets)
  const buckets = Array.from({ length: bucketCount }, () => new Bucket(byteCost))
  const chains = new Map<number, number>()
  const choiceOf = (literal: number, number: number): Choice | undefined => options[literal]?.[number]
  for (let i = 0; i < options.length; i++) {
    const choice = choiceOf(i, choices[i] ?? 0)
    if (choice === undefined) continue
    buckets[home[i] ?? 0]?.change(choice.fingerprint, 1)
    chains.set(choice.chain, (chains.get(choice.chain) ?? 0) + 1)
  }
  const random = generator()
  for (let step = 0; step < STEPS; step++) {
    const literal = random(options.length)
    const from = home[literal] ?? 0
    const to = random(2) === 0 ? from : random(bucketCount)
    const number = random(2) === 0 ? (choices[literal] ?? 0) : random(options[literal]?.length ?? 1)
    const old = choiceOf(literal, choices[literal] ?? 0)
    const now = choiceOf(literal, number)
    const [source, target] = [buckets[from], buckets[to]]
    if (
      old === undefined ||
      now === undefined ||
      source === undefined ||
      target === undefined ||
      (from === to && old === now)
    )
      continue
    if (now.chain !== old.chain && (chains.get(now.chain) ?? 0) >= maxChain) continue
    const before = source.cost + (from === to ? 0 : target.cost)
    source.change(old.fingerprint, -1)
    target.change(now.fingerprint, 1)
    const worse = source.cost + (from === to ? 0 : target.cost) - before + VERIFY * (now.rate - old.rate)
    const temperature = HOT * (COLD / HOT) ** (step / STEPS)
    if (worse <= 0 || random(1 << 20) < Math.exp(-worse / temperature) * (1 << 20)) {
      home[literal] = to
      choices[literal] = number
      chains.set(old.chain, (chains.get(old.chain) ?? 1) - 1)
      chains.set(now.chain, (chains.get(now.chain) ?? 0) + 1)
    } else {
      target.change(now.fingerprint, -1)
      source.change(old.fingerprint, 1)
    }
  }
  return { choices, buckets: home }
}
