// What may be derived from a layer's bytes beyond the bytes themselves: members of archives inside it. The budget bounds
// it; what the budget left out is listed.
import type { Limits } from '../limits.ts'

/** Unpacked bytes for each packed byte, once there are more than `RATIO_FLOOR`. */
const MAX_RATIO = 200
const RATIO_FLOOR = 16 << 20
/** Memory that the archives that are open at once may take. */
const MAX_MEMORY = 128 << 20

/** An archive is not opened any further; the message says why. */
export class Stop extends Error {
  override readonly name = 'Stop'
}

/** What one archive has given so far. */
export interface Account {
  readonly packed: number
  unpacked: number
}

/** The budget of one layer. */
export class NestedBudget {
  /** Archives in archives in archives: how deep. */
  readonly depth: number
  /** Bytes that all archives of one layer may unpack to. */
  readonly #bytes: number
  #left: number
  #memory = 0

  constructor(limits: Limits) {
    this.depth = limits['nested-depth']
    this.#bytes = limits['nested-bytes']
    this.#left = this.#bytes
  }

  /**
   * Takes unpacked bytes off the budget.
   * @param account bytes read from this archive so far, and bytes that it gave before these
   * @throws Stop
   */
  spend(bytes: number, account: Account): void {
    this.#left -= bytes
    account.unpacked += bytes
    if (this.#left < 0)
      throw new Stop(`the archives of this layer unpack to more than ${this.#bytes} bytes (limits.nested-bytes)`)
    if (account.unpacked > RATIO_FLOOR && account.unpacked > account.packed * MAX_RATIO)
      throw new Stop(`it unpacks to more than ${MAX_RATIO} times its size`)
  }

  /** Takes memory, to be given back. @throws Stop */
  hold(bytes: number): void {
    if (this.#memory + bytes > MAX_MEMORY)
      throw new Stop(`opening it takes more than the ${MAX_MEMORY >> 20} MiB of memory that archives may take at once`)
    this.#memory += bytes
  }

  release(bytes: number): void {
    this.#memory -= bytes
  }

  /** How many bytes may still be unpacked. */
  get left(): number {
    return Math.max(0, this.#left)
  }
}
