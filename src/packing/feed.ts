// Bytes to pull: what a decoder reads from. It takes what is its own and leaves the rest, so that whoever called it can tell
// whether bytes are left.

/** Gives the next bytes, or null at the end. */
export type More = () => Promise<Buffer | null>

/** A source of bytes that knows where it stands. */
export class Feed {
  readonly #more: More
  #waiting: Buffer = Buffer.alloc(0)
  #ended = false
  /** Bytes handed out so far. */
  position: number

  /** @param start where in its content the first byte stands */
  constructor(more: More, start = 0) {
    this.#more = more
    this.position = start
  }

  static of(source: AsyncIterable<Buffer>): Feed {
    const iterator = source[Symbol.asyncIterator]()
    return new Feed(async () => {
      const next = await iterator.next()
      return next.done ? null : next.value
    })
  }

  async #fill(): Promise<boolean> {
    while (this.#waiting.length === 0 && !this.#ended) {
      const more = await this.#more()
      if (more === null) this.#ended = true
      else this.#waiting = more
    }
    return this.#waiting.length > 0
  }

  /** The next bytes, as many as there are at once; null at the end. */
  async next(): Promise<Buffer | null> {
    if (!(await this.#fill())) return null
    const chunk = this.#waiting
    this.#waiting = Buffer.alloc(0)
    this.position += chunk.length
    return chunk
  }

  /** What is there at once, without taking it; nothing at the end. */
  async atHand(): Promise<Buffer> {
    await this.#fill()
    return this.#waiting
  }

  /** Gives back bytes that were taken last. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#waiting = this.#waiting.length === 0 ? bytes : Buffer.concat([bytes, this.#waiting])
    this.position -= bytes.length
  }

  /** The next bytes without taking them: `length` of them, or fewer at the end. */
  async peek(length: number): Promise<Buffer> {
    if (this.#waiting.length < length && !this.#ended) {
      const pieces = [this.#waiting]
      let have = this.#waiting.length
      while (have < length) {
        const more = await this.#more()
        if (more === null) {
          this.#ended = true
          break
        }
        pieces.push(more)
        have += more.length
      }
      this.#waiting = Buffer.concat(pieces)
    }
    return this.#waiting.subarray(0, length)
  }

  /** Takes `length` bytes, or fewer at the end. */
  async take(length: number): Promise<Buffer> {
    const bytes = Buffer.from(await this.peek(length))
    this.#waiting = this.#waiting.subarray(bytes.length)
    this.position += bytes.length
    return bytes
  }

  /** Takes `length` bytes piece by piece; stops early at the end. */
  async *part(length: number): AsyncGenerator<Buffer> {
    for (let left = length; left > 0; ) {
      const chunk = await this.next()
      if (chunk === null) return
      this.unread(chunk.subarray(left))
      const piece = chunk.subarray(0, left)
      left -= piece.length
      yield piece
    }
  }

  /** Passes over bytes. @returns whether there were as many */
  async skip(length: number): Promise<boolean> {
    let left = length
    for await (const piece of this.part(length)) left -= piece.length
    return left === 0
  }

  /** Passes over zeros. @returns how many there were */
  async skipZeros(): Promise<number> {
    const start = this.position
    for (let chunk = await this.next(); chunk !== null; chunk = await this.next()) {
      const at = chunk.findIndex((byte) => byte !== 0)
      if (at === -1) continue
      this.unread(chunk.subarray(at))
      break
    }
    return this.position - start
  }

  /** Passes over what is at hand but for its last bytes, and asks for more. @returns false at the end */
  async pass(keep: number): Promise<boolean> {
    const more = this.#ended ? null : await this.#more()
    if (more === null) {
      this.#ended = true
      return false
    }
    const kept = this.#waiting.subarray(Math.max(0, this.#waiting.length - keep))
    this.position += this.#waiting.length - kept.length
    this.#waiting = kept.length === 0 ? more : Buffer.concat([kept, more])
    return true
  }

  async atEnd(): Promise<boolean> {
    return !(await this.#fill())
  }
}

/** What does not decode: the message says in what way. */
export class PackingError extends Error {
  override readonly name: string = 'PackingError'
}

/** What is sound and of a form that is not decoded. */
export class UnsupportedPacking extends PackingError {
  override readonly name = 'UnsupportedPacking'
}
