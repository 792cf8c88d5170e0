// Many short pieces of text, such as the names of a layer's files, scanned together: one pass over a megabyte of them costs as
// much as one over a megabyte of a file, where a scan of each would cost a hundred times more.
import type { SecretMatch } from '../secrets/match.ts'
import type { Scanner } from '../secrets/scanner.ts'

const CAPACITY = 1 << 20
/** Stands between two pieces: no text goes on over it, and base64 is not joined over it. */
const SEPARATOR = Buffer.from('\n\x1e\n')

/** Where a piece comes from. */
export interface PieceOf<F> {
  /** Index of the entry that it speaks of; null for none. */
  readonly entry: number | null
  readonly field: F
  /** The name beside it, such as that of an attribute; null for none. */
  readonly name: string | null
}

/** Pieces until there are enough for a scan. */
export class PieceScan<F> {
  readonly #scanner: Scanner
  readonly #report: (match: SecretMatch, of: PieceOf<F>) => void
  readonly #dropped: (count: number) => void
  #buffer: Buffer | null = null
  #used = 0
  #starts: number[] = []
  #pieces: PieceOf<F>[] = []

  /**
   * @param report told of each match that lies within one piece
   * @param dropped told of matches beyond what is kept of one text
   */
  constructor(scanner: Scanner, report: (match: SecretMatch, of: PieceOf<F>) => void, dropped: (count: number) => void) {
    this.#scanner = scanner
    this.#report = report
    this.#dropped = dropped
  }

  /** Takes a piece: its bytes are copied. */
  add(bytes: Buffer, from: number, to: number, of: PieceOf<F>): void {
    this.room(to - from)
    this.open(of)
    this.copy(bytes, from, to)
    this.close()
  }

  /** Makes room for a piece of so many bytes. */
  room(length: number): void {
    if (this.#buffer !== null && this.#used + length + SEPARATOR.length > this.#buffer.length) this.flush()
    if (this.#buffer === null || this.#buffer.length < length + SEPARATOR.length) this.#buffer = Buffer.allocUnsafeSlow(Math.max(CAPACITY, length + SEPARATOR.length))
  }

  /** Begins a piece that is put together; `room` comes first, `close` ends it. */
  open(of: PieceOf<F>): void {
    this.#starts.push(this.#used)
    this.#pieces.push(of)
  }

  copy(bytes: Buffer, from: number, to: number): void {
    if (this.#buffer !== null) this.#used += bytes.copy(this.#buffer, this.#used, from, to)
  }

  close(): void {
    if (this.#buffer !== null) this.#used += SEPARATOR.copy(this.#buffer, this.#used)
  }

  /** Scans what is there. */
  flush(): void {
    if (this.#buffer === null || this.#used === 0) return
    const scan = this.#scanner.start('')
    scan.push(this.#buffer.subarray(0, this.#used), true)
    for (const match of scan.matches) {
      const index = this.#indexAt(match.offset)
      const of = this.#pieces[index]
      const end = (this.#starts[index + 1] ?? this.#used) - SEPARATOR.length
      // What goes on behind a piece is made of several, and stands nowhere.
      if (of !== undefined && match.offset + match.length <= end) this.#report(match, of)
    }
    const dropped = [...scan.dropped.values()].reduce((sum, count) => sum + count, 0)
    if (dropped > 0) this.#dropped(dropped)
    // A buffer that one endless piece asked for is not kept.
    if (this.#buffer.length > CAPACITY) this.#buffer = null
    this.#used = 0
    this.#starts = []
    this.#pieces = []
  }

  #indexAt(offset: number): number {
    let [low, high] = [0, this.#starts.length - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((this.#starts[middle] ?? 0) <= offset) low = middle
      else high = middle - 1
    }
    return low
  }
}
