// Many short pieces of text, such as the names of a layer's files, scanned together: one pass over a megabyte of them costs as
// much as one over a megabyte of a file, where a scan of each would cost a hundred times more.
import { HEAD, packingOf, SIGNS } from '../packing/signs.ts'
import type { SecretMatch } from '../secrets/match.ts'
import type { Scanner } from '../secrets/scanner.ts'
import type { Content } from './content.ts'

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
  readonly #left: (reason: string) => void
  #buffer: Buffer | null = null
  #used = 0
  #starts: number[] = []
  #pieces: PieceOf<F>[] = []

  /**
   * @param report told of each match that lies within one piece
   * @param left told what was left out, and why
   */
  constructor(scanner: Scanner, report: (match: SecretMatch, of: PieceOf<F>) => void, left: (reason: string) => void) {
    this.#scanner = scanner
    this.#report = report
    this.#left = left
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
    if (this.#buffer === null || this.#buffer.length < length + SEPARATOR.length)
      this.#buffer = Buffer.allocUnsafeSlow(Math.max(CAPACITY, length + SEPARATOR.length))
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
    if (scan.takeArchives().length > 0) this.#left('they hold an archive in base64 or hex, which was not opened')
    const dropped = [...scan.dropped.values()].reduce((sum, count) => sum + count, 0)
    if (dropped > 0) this.#left(`they hold more matches than are kept; ${dropped} were left out`)
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

/** Bytes of the shortest packed text. */
const MIN_PACKED = 12
/** Pieces that wait to be looked into, and their bytes: more is listed. */
const MAX_PIECES = 10_000
const MAX_BYTES = 8 << 20

/** Pieces that are packed, or may be text of another width: each is looked into like a file, once the layer is read. */
export class PackedPieces<F> {
  readonly #waiting: { readonly bytes: Buffer; readonly of: PieceOf<F> }[] = []
  #bytes = 0
  #leftOut = 0

  /** Takes a piece that does not begin or hold text alone; its bytes are copied. */
  add(bytes: Buffer, of: PieceOf<F>): void {
    const first = bytes.findIndex((byte) => byte !== 0)
    const own = first === -1 ? bytes.subarray(0, 0) : bytes.subarray(first)
    if (own.length < MIN_PACKED || !(mayBePacked(own) || mayBeWide(own))) return
    if (this.#waiting.length >= MAX_PIECES || this.#bytes + own.length > MAX_BYTES) {
      this.#leftOut++
      return
    }
    this.#bytes += own.length
    this.#waiting.push({ bytes: Buffer.from(own), of })
  }

  /**
   * Looks into all pieces.
   * @param contentOf a content to push a piece to
   * @returns how many were left out
   */
  async read(contentOf: () => Content, report: (match: SecretMatch, of: PieceOf<F>) => void): Promise<number> {
    for (const { bytes, of } of this.#waiting.splice(0)) {
      const content = contentOf()
      await content.push(bytes, true)
      await content.end()
      for (const { inside: _, ...match } of content.matches) report(match, of)
    }
    return this.#leftOut
  }
}

/** Bytes of the shortest text of two bytes a character that holds a token. */
const MIN_WIDE = 32

/** Whether a third of the bytes are zero, as of text of two bytes a character. */
const mayBeWide = (bytes: Buffer): boolean =>
  bytes.length >= MIN_WIDE && bytes.reduce((zeros, byte) => zeros + Number(byte === 0), 0) * 3 >= bytes.length

/** Whether packed content begins here, or may stand further on. */
const mayBePacked = (bytes: Buffer): boolean =>
  packingOf(bytes.subarray(0, HEAD), '') !== null || SIGN_BYTES.some((sign) => bytes.includes(sign, 0, 'latin1'))
const SIGN_BYTES = Object.keys(SIGNS)
