// Bytes to pull: what a decoder reads from. It takes what is its own and leaves the rest, so that whoever called it can tell
// whether bytes are left.

/** Gives the next bytes, or null at the end. */
export type More = () => Promise<Buffer | null>

const NOTHING: Buffer = Buffer.alloc(0)

/** A source of bytes that knows where it stands. */
export class Feed {
  readonly #more: More
  /** What was pulled and not handed out, none of it empty. */
  readonly #pieces: Buffer[] = []
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

  /** Pulls one more piece. @returns false at the end */
  async #pull(): Promise<boolean> {
    while (!this.#ended) {
      const more = await this.#more()
      if (more === null) this.#ended = true
      else if (more.length > 0) {
        this.#pieces.push(more)
        return true
      }
    }
    return false
  }

  /** The next bytes, as many as there are at once; null at the end. */
  async next(): Promise<Buffer | null> {
    if (this.#pieces.length === 0) await this.#pull()
    const piece = this.#pieces.shift() ?? null
    this.position += piece?.length ?? 0
    return piece
  }

  /** What is there at once, without taking it; nothing at the end. */
  async atHand(): Promise<Buffer> {
    if (this.#pieces.length === 0) await this.#pull()
    return this.#pieces[0] ?? NOTHING
  }

  /** Gives back bytes that were taken last. */
  unread(bytes: Buffer): void {
    if (bytes.length === 0) return
    this.#pieces.unshift(bytes)
    this.position -= bytes.length
  }

  /** The next bytes without taking them: `length` of them, or fewer at the end. */
  async peek(length: number): Promise<Buffer> {
    let have = this.#length()
    while (have < length && (await this.#pull())) have += this.#pieces.at(-1)?.length ?? 0
    if ((this.#pieces[0]?.length ?? 0) < Math.min(length, have))
      this.#pieces.splice(0, this.#pieces.length, Buffer.concat(this.#pieces))
    return (this.#pieces[0] ?? NOTHING).subarray(0, length)
  }

  #length(): number {
    return this.#pieces.reduce((sum, piece) => sum + piece.length, 0)
  }

  /** Takes `length` bytes, or fewer at the end. */
  async take(length: number): Promise<Buffer> {
    const bytes = Buffer.from(await this.peek(length))
    const rest = this.#pieces.shift()?.subarray(bytes.length)
    if (rest !== undefined && rest.length > 0) this.#pieces.unshift(rest)
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
    const waiting = this.#pieces.length
    if (!(await this.#pull())) return false
    let over = this.#pieces.slice(0, waiting).reduce((sum, piece) => sum + piece.length, 0) - keep
    for (let first = this.#pieces[0]; first !== undefined && over > 0; first = this.#pieces[0]) {
      this.#pieces.shift()
      // What is kept of a piece outlives it: copied, it does not hold on to the whole.
      if (over < first.length) this.#pieces.unshift(Buffer.from(first.subarray(over)))
      this.position += Math.min(over, first.length)
      over -= first.length
    }
    return true
  }

  async atEnd(): Promise<boolean> {
    return this.#pieces.length === 0 && !(await this.#pull())
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
