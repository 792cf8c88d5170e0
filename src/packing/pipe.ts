// From pushing to pulling: the tar's reader pushes what it reads, decoders pull what they need.

/** Pieces that wait at most before whoever pushes has to wait. */
const WAITING = 2

export class Pipe {
  readonly #pieces: Buffer[] = []
  #ended = false
  #stopped = false
  #wake: (() => void) | null = null
  #drained: (() => void) | null = null

  /** @returns a promise to wait for before more is written, or null */
  write(piece: Buffer): Promise<void> | null {
    if (this.#stopped || piece.length === 0) return null
    this.#pieces.push(piece)
    this.#wake?.()
    if (this.#pieces.length < WAITING) return null
    return new Promise((resolve) => {
      this.#drained = resolve
    })
  }

  end(): void {
    this.#ended = true
    this.#wake?.()
  }

  /** Nothing more will be read. */
  stop(): void {
    this.#stopped = true
    this.#pieces.length = 0
    this.#drained?.()
  }

  /** The next piece, null at the end. */
  async read(): Promise<Buffer | null> {
    while (this.#pieces.length === 0 && !this.#ended) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    const piece = this.#pieces.shift() ?? null
    if (this.#pieces.length < WAITING) this.#drained?.()
    return piece
  }
}
