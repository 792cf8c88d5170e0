// What compressed data holds beside its data: names and comments in headers of gzip, frames of zstd that decoders skip. Nobody
// unpacks it, and all who get the archive have it.

/** Bytes of it that are kept to be searched. */
const MAX_KEPT = 16 << 20

export class Asides {
  #pieces: Buffer[] = []
  #size = 0
  /** Bytes beyond the limit, which were not kept. */
  leftOut = 0

  /** Takes one such piece: its bytes are copied. */
  add(bytes: Buffer): void {
    if (this.#size + bytes.length > MAX_KEPT) {
      this.leftOut += bytes.length
      return
    }
    // Pieces are texts of their own.
    this.#pieces.push(Buffer.from(bytes), Buffer.from('\n'))
    this.#size += bytes.length
    if (this.#pieces.length > 1 << 12) this.#pieces = [Buffer.concat(this.#pieces)]
  }

  /** All of them; null where there are none. */
  bytes(): Buffer | null {
    return this.#pieces.length === 0 ? null : Buffer.concat(this.#pieces)
  }
}
