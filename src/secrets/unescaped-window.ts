// The window's text with its escapes undone, for detectors that find nothing in the text as it stands. A stretch is decoded once
// for all candidates in it: text that is full of them costs no more than other text.
import { hasEscape, type Unescaped, unescapeText } from './escapes.ts'

/** Bytes that a stretch takes in front of what is asked for: the next candidate may start a little earlier. */
const IN_FRONT = 256
/** Bytes that are looked at for an escape before a stretch is decoded. */
const NEAR = 512
/** Shortest stretch. */
const MIN_STRETCH = 1536

/** Decoded text around a candidate. */
export interface Around {
  readonly text: string
  /** Where the candidate starts in `text`. */
  readonly at: number
  /** Where each character of `text`, and one past its end, stands in the window. */
  readonly raw: (index: number) => number
}

export class UnescapedWindow {
  readonly #joints: boolean
  #from = 0
  #to = 0
  /** Null where the stretch holds no escape. */
  #plain: Unescaped | null = null

  /** @param joints puts pieces together too */
  constructor(joints: boolean) {
    this.#joints = joints
  }

  /** Forgets what another content had there. */
  clear(): void {
    this.#from = 0
    this.#to = 0
    this.#plain = null
  }

  /**
   * Decodes what stands around a candidate; null where no escape does.
   * @param read text of the window between two places
   * @param before characters of decoded text in front of the candidate, at most
   * @param behind characters of decoded text from its start on, at most
   * @param last where the window ends
   */
  around(
    read: (from: number, to: number) => string,
    position: number,
    before: number,
    behind: number,
    last: number,
  ): Around | null {
    const from = Math.max(0, position - before)
    const to = Math.min(last, position + behind)
    if (from < this.#from || to > this.#to) {
      // Most have no escape near them: then no stretch is decoded.
      if (!this.#joints && to - from <= NEAR && !hasEscape(read(from, to))) return null
      this.#from = Math.max(0, from - IN_FRONT)
      this.#to = Math.min(last, Math.max(this.#from + MIN_STRETCH, position + 2 * behind))
      const text = read(this.#from, this.#to)
      this.#plain = this.#joints || hasEscape(text) ? unescapeText(text, this.#joints) : null
    }
    const plain = this.#plain
    if (plain === null) return null
    const base = this.#from
    const at = plain.indexOf(position - base)
    const start = Math.max(0, at - before)
    const stop = Math.min(plain.text.length, at + behind)
    // As many characters as bytes: nothing is escaped here.
    if (plain.original(stop) - plain.original(start) === stop - start) return null
    return { text: plain.text.slice(start, stop), at: at - start, raw: (index) => base + plain.original(start + index) }
  }
}
