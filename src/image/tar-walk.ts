// Walks the headers of a tar archive without reading its data: the index of an outer archive, and the guard in front
// of tar-stream. It must see the same entries as tar-stream; the property test in test/image/tar-walk.test.ts holds both
// against each other. Formats: ustar, GNU long names and base-256 numbers, PAX (POSIX.1-2001).
import { ImageError } from '../error.ts'

const BLOCK = 512
const EMPTY = Buffer.alloc(0)
/** Larger extended headers are refused: no path or attribute needs them, and they would be held in memory. */
const MAX_EXTENDED_HEADER = 1 << 20

type TarType = 'file' | 'link' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo' | 'other'

export interface TarHeader {
  readonly name: string
  readonly type: TarType
  readonly linkName: string
  /** Bytes of data that follow the header. */
  readonly size: number
  /** Position of the data in the archive, in bytes. */
  readonly offset: number
  /** Stands behind the end-of-archive marker: extractors stop there, so the entry is in the layer but never on disk. */
  readonly afterEnd: boolean
}

/** The next bytes that the walk needs: `length` bytes at `offset`. Everything before `offset` may be skipped. */
export interface Wanted {
  readonly offset: number
  readonly length: number
  /** Zeros are expected: where there are no others, the answer is empty. */
  readonly isPadding?: true
}

/**
 * Told of every byte of an archive that is no content of an entry, in the archive's order. Bytes are valid during the call alone.
 */
export interface TarMetadata {
  /** The header of an entry. @param ownName what the block itself calls it, where an extended header may say otherwise */
  entry(block: Buffer, header: TarHeader, ownName: string): void
  /** The header of an extended header (GNU long name or link, PAX), which speaks of the next entry or of all. */
  announced(block: Buffer): void
  /** Its data. @param flag its type, as a character code */
  extended(flag: number, data: Buffer): void
  /** Bytes where zeros belong: between an entry's data and the next block, or in an empty block. */
  padding(bytes: Buffer): void
}

const TYPES: Record<number, TarType> = {
  0: 'file',
  48: 'file',
  49: 'link',
  50: 'symlink',
  51: 'character-device',
  52: 'block-device',
  53: 'directory',
  54: 'fifo',
  55: 'file',
}
const HEADER_ONLY: ReadonlySet<TarType> = new Set(['link', 'symlink', 'character-device', 'block-device', 'fifo'])

const text = (block: Buffer, from: number, length: number): string => {
  const end = block.indexOf(0, from)
  return block.toString('utf8', from, end === -1 || end > from + length ? from + length : end)
}

/** Reads an octal or base-256 number field. */
function number(block: Buffer, from: number, length: number): number {
  if (((block[from] ?? 0) & 0x80) !== 0) {
    if (block[from] !== 0x80) return -1
    let sum = 0
    for (let i = from + 1; i < from + length; i++) sum = sum * 256 + (block[i] ?? 0)
    return sum
  }
  let at = from
  while (at < from + length && (block[at] === 32 || block[at] === 0)) at++
  let sum = 0
  for (; at < from + length; at++) {
    const digit = (block[at] ?? 0) - 48
    if (digit < 0 || digit > 7) break
    sum = sum * 8 + digit
  }
  return sum
}

function checksum(block: Buffer): number {
  let sum = 8 * 32
  for (let i = 0; i < 148; i++) sum += block[i] ?? 0
  for (let i = 156; i < BLOCK; i++) sum += block[i] ?? 0
  return sum
}

/** Whether bytes are zeros alone. */
export function isZero(bytes: Buffer, from = 0, to = bytes.length): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false
  return true
}

function paxRecords(data: Buffer): Map<string, string> {
  const records = new Map<string, string>()
  let at = 0
  while (at < data.length) {
    const space = data.indexOf(32, at)
    const length = space === -1 ? Number.NaN : Number.parseInt(data.toString('latin1', at, space), 10)
    if (!(length > 0)) break
    const record = data.toString('utf8', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    if (equals === -1) break
    records.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  return records
}

/**
 * The walk itself: asks for byte ranges and reports entries. A range that lies behind the end of the data is answered
 * with fewer bytes; a walk that ends inside a header or an extended header throws.
 * @throws ImageError `truncated` or `not-a-tar`
 */
function* walkTar(where: string, onEntry: (header: TarHeader) => void, metadata: TarMetadata | null): Generator<Wanted, void, Buffer> {
  let offset = 0
  let zeroBlocks = 0
  let global = new Map<string, string>()
  let local: Map<string, string> | null = null
  let longName: string | null = null
  let longLink: string | null = null
  const bad = (what: string): ImageError =>
    new ImageError('not-a-tar', `${where}: ${what} at byte ${offset}: the archive is damaged or no tar archive. Save or build the image again.`)

  for (;;) {
    const block = yield { offset, length: BLOCK }
    if (block.length === 0) return
    if (block.length < BLOCK)
      throw new ImageError('truncated', `${where}: ends in the middle of a tar header at byte ${offset}: the archive is truncated. Save or build the image again.`)
    const sum = checksum(block)
    if (sum === 8 * 32) {
      // The sum leaves the checksum's own bytes out.
      if (metadata !== null && !isZero(block)) metadata.padding(block)
      zeroBlocks++
      offset += BLOCK
      continue
    }
    if (number(block, 148, 8) !== sum) throw bad('no valid tar header')
    const flag = block[156] ?? 0
    const ownSize = number(block, 124, 12)
    if (!(ownSize >= 0) || !Number.isSafeInteger(ownSize)) throw bad('an impossible entry size')
    offset += BLOCK

    if (flag === 76 || flag === 75 || flag === 78 || flag === 120 || flag === 103) {
      metadata?.announced(block)
      if (ownSize > MAX_EXTENDED_HEADER) throw bad(`an extended header of ${ownSize} bytes (at most ${MAX_EXTENDED_HEADER} are read)`)
      const data = ownSize === 0 ? Buffer.alloc(0) : yield { offset, length: ownSize }
      if (data.length < ownSize)
        throw new ImageError('truncated', `${where}: ends in the middle of an extended header at byte ${offset}: the archive is truncated. Save or build the image again.`)
      offset += ownSize
      metadata?.extended(flag, data)
      const fill = (BLOCK - (ownSize % BLOCK)) % BLOCK
      if (metadata !== null && fill > 0) {
        const padding = yield { offset, length: fill, isPadding: true }
        if (padding.length > 0) metadata.padding(padding)
      }
      offset += fill
      if (flag === 76 || flag === 78) longName = text(data, 0, data.length)
      else if (flag === 75) longLink = text(data, 0, data.length)
      else if (flag === 103) global = paxRecords(data)
      else local = new Map([...global, ...paxRecords(data)])
      continue
    }

    let name = text(block, 0, 100)
    const ustar = block.toString('latin1', 257, 263) === 'ustar\0'
    if (ustar && block[345] !== 0) name = `${text(block, 345, 155)}/${name}`
    let type = TYPES[flag] ?? 'other'
    if (flag === 83) throw bad('a sparse entry of the old GNU form, which is not supported,')
    const paxSize = local?.get('size')
    const size = paxSize ? Number.parseInt(paxSize, 10) : ownSize
    if (!(size >= 0) || !Number.isSafeInteger(size)) throw bad('an impossible entry size')
    const wholeName = local?.get('path') || longName || name
    // Before ustar, a directory was a file whose name ends in a slash. With data, readers disagree on what it is.
    if (type === 'file' && flag !== 55 && wholeName.endsWith('/')) {
      if (size > 0) throw bad('a directory of the old form that claims data,')
      type = 'directory'
    }
    // Extractors disagree on whether such an entry has data: the next header could be hidden from one of them.
    if (size > 0 && HEADER_ONLY.has(type)) throw bad(`a ${type} entry that claims data,`)
    const held = type === 'directory' ? 0 : size
    const header: TarHeader = {
      name: wholeName,
      type,
      linkName: local?.get('linkpath') || longLink || text(block, 157, 100),
      size: held,
      offset,
      afterEnd: zeroBlocks >= 2,
    }
    onEntry(header)
    metadata?.entry(block, header, name)
    zeroBlocks = zeroBlocks >= 2 ? zeroBlocks : 0
    local = longName = longLink = null
    offset += held
    const fill = (BLOCK - (held % BLOCK)) % BLOCK
    if (metadata !== null && fill > 0) {
      const padding = yield { offset, length: fill, isPadding: true }
      if (padding.length > 0) metadata.padding(padding)
    }
    offset += fill
  }
}

/** Lists the entries of a seekable archive of `size` bytes. `read` answers with fewer bytes at the end. */
export async function indexTar(where: string, size: number, read: (offset: number, length: number) => Promise<Buffer>): Promise<TarHeader[]> {
  const entries: TarHeader[] = []
  const walk = walkTar(
    where,
    (header) => {
      if (header.offset + header.size > size) {
        throw new ImageError(
          'truncated',
          `${where}: entry ${JSON.stringify(header.name)} needs ${header.size} bytes, but the file ends before: the archive is truncated. Save or build the image again.`,
        )
      }
      entries.push(header)
    },
    null,
  )
  for (let step = walk.next(); !step.done; ) {
    const { offset, length } = step.value
    step = walk.next(await read(offset, Math.max(0, Math.min(length, size - offset))))
  }
  return entries
}

/** Feeds a walk from a stream of chunks; copies header bytes only. */
export class TarGuard {
  readonly #walk: Generator<Wanted, void, Buffer>
  #wanted: Wanted | null
  #position = 0
  #partial: Buffer[] = []
  #have = 0

  /** @param metadata told of all that is no content */
  constructor(where: string, onEntry: (header: TarHeader) => void, metadata: TarMetadata | null = null) {
    this.#walk = walkTar(where, onEntry, metadata)
    this.#wanted = this.#step(this.#walk.next())
  }

  #step(step: IteratorResult<Wanted, void>): Wanted | null {
    return step.done ? null : step.value
  }

  /** @throws ImageError when a header is damaged or beyond the limits */
  push(chunk: Buffer): void {
    const start = this.#position
    const end = start + chunk.length
    this.#position = end
    while (this.#wanted !== null) {
      const { offset, length, isPadding } = this.#wanted
      const from = offset + this.#have
      if (from >= end) return
      const to = Math.min(end, offset + length)
      const piece = isPadding === true && isZero(chunk, from - start, to - start) ? EMPTY : chunk.subarray(from - start, to - start)
      this.#have += to - from
      if (this.#have < length) {
        if (piece.length > 0) this.#partial.push(Buffer.from(piece))
        return
      }
      const block = this.#partial.length === 0 ? piece : Buffer.concat([...this.#partial, piece])
      this.#partial = []
      this.#have = 0
      this.#wanted = this.#step(this.#walk.next(block))
    }
  }

  /** Tells the walk that no more bytes come. @throws ImageError `truncated` inside a header */
  end(): void {
    let rest = Buffer.concat(this.#partial)
    while (this.#wanted !== null) {
      this.#wanted = this.#step(this.#walk.next(rest))
      rest = Buffer.alloc(0)
    }
  }
}
