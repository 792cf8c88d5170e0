// The walk beside tar-stream: what tar-stream is given is what the walk has seen, in the form that both read alike.
import { type Limits, NO_LIMITS } from '../limits.ts'
import { BLOCK, isZero } from './tar-header.ts'
import { type TarHeader, type TarMetadata, type Wanted, walkTar } from './tar-walk.ts'

const NOTHING = Buffer.alloc(0)

/** Feeds a walk from a stream of chunks; copies header bytes only. */
export class TarGuard {
  readonly #walk: Generator<Wanted, void, Buffer>
  #wanted: Wanted | null
  #position = 0
  #partial: Buffer[] = []
  #have = 0
  /** Headers to write anew in what is handed on. */
  #rewritten: { readonly offset: number; readonly header: Buffer }[] = []
  /** Where what was handed on ends: in front of a header that is not whole yet. */
  #handedOn = 0
  #kept: Buffer = NOTHING

  /** @param metadata told of all that is no content */
  constructor(
    where: string,
    limits: Limits,
    onEntry: (header: TarHeader) => void,
    metadata: TarMetadata | null = null,
  ) {
    this.#walk = walkTar(where, limits, {
      onEntry,
      onRewrite: (offset, header) => this.#rewritten.push({ offset, header }),
      metadata,
    })
    this.#wanted = this.#step(this.#walk.next())
  }

  #step(step: IteratorResult<Wanted, void>): Wanted | null {
    return step.done ? null : step.value
  }

  /**
   * @returns what tar-stream is to read: the bytes themselves but for headers that it would read otherwise. A header that is
   * not whole yet is kept back.
   * @throws ImageError when a header is damaged or beyond the limits
   */
  push(chunk: Buffer): Buffer {
    const start = this.#position
    const end = start + chunk.length
    this.#position = end
    while (this.#wanted !== null) {
      const { offset, length, isPadding } = this.#wanted
      const from = offset + this.#have
      if (from >= end) break
      const to = Math.min(end, offset + length)
      const piece =
        isPadding === true && isZero(chunk, from - start, to - start)
          ? NOTHING
          : chunk.subarray(from - start, to - start)
      this.#have += to - from
      if (this.#have < length) {
        if (piece.length > 0) this.#partial.push(Buffer.from(piece))
        break
      }
      const block = this.#partial.length === 0 ? piece : Buffer.concat([...this.#partial, piece])
      this.#partial = []
      this.#have = 0
      this.#wanted = this.#step(this.#walk.next(block))
    }
    return this.#handOn(chunk)
  }

  #handOn(chunk: Buffer): Buffer {
    const isCut = this.#wanted !== null && this.#wanted.length === BLOCK && this.#have > 0
    const until = isCut && this.#wanted !== null ? this.#wanted.offset : this.#position
    const whole = this.#kept.length === 0 ? chunk : Buffer.concat([this.#kept, chunk])
    let out = whole.subarray(0, until - this.#handedOn)
    this.#kept = isCut ? Buffer.from(whole.subarray(out.length)) : NOTHING
    if (this.#rewritten.length > 0) {
      // The bytes belong to whoever reads them too.
      out = Buffer.from(out)
      for (const { offset, header } of this.#rewritten) header.copy(out, offset - this.#handedOn)
      this.#rewritten = []
    }
    this.#handedOn = until
    return out
  }

  /** Bytes that were kept back: whoever reads on after an error starts with them. */
  get kept(): Buffer {
    return this.#kept
  }

  /** Tells the walk that no more bytes come. @throws ImageError `truncated` inside a header */
  end(): void {
    let rest: Buffer = Buffer.concat(this.#partial)
    while (this.#wanted !== null) {
      this.#wanted = this.#step(this.#walk.next(rest))
      rest = NOTHING
    }
  }
}

/**
 * The guard of a tar inside a layer: what is damaged there, or what readers differ on, is listed, and read on as far as it goes.
 * The bytes of the tar itself have been searched.
 */
export class NestedGuard {
  #guard: TarGuard | null = new TarGuard('the archive', NO_LIMITS, () => {})

  /** The walk found something wrong. */
  get failed(): boolean {
    return this.#guard === null
  }

  /** @returns what tar-stream is to read */
  push(chunk: Buffer): Buffer {
    const guard = this.#guard
    if (guard === null) return chunk
    try {
      return guard.push(chunk)
    } catch {
      this.#guard = null
      return Buffer.concat([guard.kept, chunk])
    }
  }

  /** @returns the bytes that were kept back: half a header */
  end(): Buffer {
    return this.#guard?.kept ?? NOTHING
  }
}
