// A stream of choices that is the same for the same seed, so that every case of the fuzzer can be made again.

/** Choices by a seed. */
export class Random {
  #state: number

  constructor(seed: number) {
    this.#state = (Math.imul(seed + 1, 2_654_435_761) ^ 0x9e3779b9) >>> 0
    for (let i = 0; i < 4; i++) this.#next()
  }

  /** mulberry32: 32 bits. */
  #next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let t = this.#state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return (t ^ (t >>> 14)) >>> 0
  }

  /** A whole number from 0 to `below`, which is left out. */
  int(below: number): number {
    return below <= 1 ? 0 : this.#next() % below
  }

  /** Whether something that happens `in` times out of `of` happens now. */
  chance(times: number, of: number): boolean {
    return this.int(of) < times
  }

  pick<T>(list: readonly [T, ...T[]]): T {
    return list[this.int(list.length)] ?? list[0]
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    for (let i = 0; i < length; i++) bytes[i] = this.#next() & 0xff
    return bytes
  }

  text(length: number, alphabet: string): string {
    let text = ''
    for (let i = 0; i < length; i++) text += alphabet[this.int(alphabet.length)] ?? ''
    return text
  }

  shuffle<T>(list: readonly T[]): T[] {
    const copy = [...list]
    for (let i = copy.length - 1; i > 0; i--) {
      const j = this.int(i + 1)
      const [a, b] = [copy[i], copy[j]]
      if (a !== undefined && b !== undefined) {
        copy[i] = b
        copy[j] = a
      }
    }
    return copy
  }
}

export const LOWER = 'abcdefghijklmnopqrstuvwxyz'
export const BASE62 = `0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ${LOWER}`
