// Walks the headers of a tar archive without reading its data: the index of an outer archive, and in tar-guard.ts the guard in
// front of tar-stream. It sees the entries that Go's archive/tar sees, which engines read layers with, or refuses the archive:
// test/image/tar-go.test.ts is the table of what Go does. tar-stream must see the same; the property test in
// test/image/tar-walk.test.ts holds both against each other.
// Formats: V7, ustar, GNU long names and base-256 numbers, PAX (POSIX.1-2001).
import { ImageError } from '../error.ts'
import { type Limits, raise } from '../limits.ts'
import { cutText } from '../secrets/last-look.ts'
import { countParts } from './path.ts'
import {
  BLOCK,
  checksum,
  isZero,
  nameField,
  numberField,
  paxRecords,
  prefixField,
  sign,
  signedChecksum,
} from './tar-header.ts'

/** Larger extended headers are refused: no path or attribute needs them, and they would be held in memory. */
const MAX_EXTENDED_HEADER = 1 << 20

type TarType = 'file' | 'link' | 'symlink' | 'character-device' | 'block-device' | 'directory' | 'fifo' | 'other'

export interface TarHeader {
  /** Bytes that are no UTF-8 stand as halves of characters: see `decodeName`. */
  readonly name: string
  readonly type: TarType
  readonly linkName: string
  /** Bytes of data that follow the header. */
  readonly size: number
  /** Position of the data in the archive, in bytes. */
  readonly offset: number
  /** Stands behind the end-of-archive marker: extractors stop there, so the entry is in the layer but never on disk. */
  readonly afterEnd: boolean
  /** The records of its own extended header; null without one. Those of global ones count for no entry. */
  readonly pax: ReadonlyMap<string, string> | null
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

/** What a walk reports. */
interface Listener {
  onEntry(header: TarHeader): void
  /** A header that tar-stream reads otherwise than Go, and the same one in the form that it reads alike. */
  onRewrite(offset: number, header: Buffer): void
  readonly metadata: TarMetadata | null
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
/** Types that have no data, whatever size they claim. */
const HEADER_ONLY: ReadonlySet<TarType> = new Set(['link', 'symlink', 'character-device', 'block-device', 'fifo'])

/** Global records that some readers apply to the entries behind them and others do not; a comment (git archive) changes nothing. */
const CHANGES_ENTRIES = /^(?:path|linkpath|size)$|^GNU\.sparse\./

const LONG_NAME = 76
const LONG_LINK = 75
const OLD_LONG_NAME = 78
const OLD_SPARSE = 83
const PAX_GLOBAL = 103
const PAX = 120

/** What the headers in front of an entry say of it. */
interface Extension {
  pax: Map<string, string> | null
  longName: string | null
  longLink: string | null
}

const shortened = (name: string): string => JSON.stringify(cutText(name, 60))

/**
 * The walk itself: asks for byte ranges and reports entries. A range that lies behind the end of the data is answered
 * with fewer bytes; a walk that ends inside a header or an extended header throws.
 * @throws ImageError `truncated`, `not-a-tar` or `too-long`
 */
export function* walkTar(
  where: string,
  limits: Limits,
  { onEntry, onRewrite, metadata }: Listener,
): Generator<Wanted, void, Buffer> {
  let offset = 0
  let zeroBlocks = 0
  let extension: Extension = { pax: null, longName: null, longLink: null }
  const bad = (what: string): ImageError =>
    new ImageError(
      'not-a-tar',
      `${where}: ${what} at byte ${offset}: the archive is damaged or no tar archive. Save or build the image again.`,
    )
  const checkPath = (what: string, path: string): void => {
    const [bytes, parts] = [limits['path-bytes'], limits['path-parts']]
    if (path.length * 3 > bytes && Buffer.byteLength(path) > bytes)
      throw new ImageError(
        'too-long',
        `${where}: the ${what} ${shortened(path)} has more than ${bytes} bytes ${raise('path-bytes')}`,
      )
    if (path.length > parts && countParts(path) > parts)
      throw new ImageError(
        'too-long',
        `${where}: the ${what} ${shortened(path)} has more than ${parts} directories ${raise('path-parts')}`,
      )
  }

  for (;;) {
    const block = yield { offset, length: BLOCK }
    if (block.length === 0) return
    if (block.length < BLOCK)
      throw new ImageError(
        'truncated',
        `${where}: ends in the middle of a tar header at byte ${offset}: the archive is truncated. Save or build the image again.`,
      )
    const sum = checksum(block)
    // The sum leaves the checksum's own bytes out: Go takes a block that holds nothing else for an entry.
    if (sum === 8 * 32 && isZero(block)) {
      zeroBlocks++
      offset += BLOCK
      continue
    }
    if (zeroBlocks === 1) throw bad('a lone block of zeros before an entry')
    const written = numberField(block, 148, 8)
    if (written !== sum && written !== signedChecksum(block)) throw bad('no valid tar header')
    const flag = block[156] ?? 0
    const ownSize = numberField(block, 124, 12)
    if (ownSize === null) throw bad('an impossible entry size')
    const rewritten = written === sum ? null : Buffer.from(block)

    if (flag === LONG_NAME || flag === LONG_LINK || flag === PAX || flag === PAX_GLOBAL) {
      if (rewritten !== null) rewrite(rewritten, offset, onRewrite)
      offset += BLOCK
      metadata?.announced(block)
      if (ownSize > MAX_EXTENDED_HEADER)
        throw bad(`an extended header of ${ownSize} bytes (at most ${MAX_EXTENDED_HEADER} are read)`)
      const data = ownSize === 0 ? Buffer.alloc(0) : yield { offset, length: ownSize }
      if (data.length < ownSize)
        throw new ImageError(
          'truncated',
          `${where}: ends in the middle of an extended header at byte ${offset}: the archive is truncated. Save or build the image again.`,
        )
      const problem = extend(extension, flag, data)
      if (problem !== null) throw bad(problem)
      metadata?.extended(flag, data)
      offset = yield* pad(offset + ownSize, metadata)
      continue
    }
    if (flag === OLD_LONG_NAME) throw bad('a long name of the oldest GNU form, which is not supported,')
    if (flag === OLD_SPARSE) throw bad('a sparse entry of the old GNU form, which is not supported,')

    const prefix = prefixField(block)
    if (prefix === null) throw bad('a name that readers put together differently')
    const shortName = nameField(block, 0, 100)
    const { pax, longName, longLink } = extension
    const ownName = prefix === '' ? shortName : `${prefix}/${shortName}`
    const name = pax?.get('path') || longName || ownName
    const linkName = pax?.get('linkpath') || longLink || nameField(block, 157, 100)
    checkPath('path', name)
    checkPath('link to', linkName)
    let type = TYPES[flag] ?? 'other'
    const paxSize = pax?.get('size') || null
    if (paxSize !== null && !/^\d{1,15}$/.test(paxSize)) throw bad('an impossible entry size')
    const size = paxSize === null ? ownSize : Number(paxSize)
    // Before ustar, a directory was a file whose name ends in a slash. With data, or with a type, readers disagree on what it is.
    if (type === 'file' && name.endsWith('/')) {
      if (size > 0 || flag !== 0) throw bad('a file whose name ends in a slash, which some take for a directory,')
      type = 'directory'
    }
    if (HEADER_ONLY.has(type) && size > 0) {
      // Old archives give links the size of their target, without data. Where a PAX record says so, there may be data.
      if (paxSize !== null) throw bad(`a ${type} entry that claims data,`)
      const header = rewritten ?? Buffer.from(block)
      header.write('00000000000\0', 124, 'latin1')
      rewrite(header, offset, onRewrite)
    } else if (rewritten !== null) rewrite(rewritten, offset, onRewrite)
    offset += BLOCK
    const held = type === 'directory' || HEADER_ONLY.has(type) ? 0 : size
    const header: TarHeader = { name, type, linkName, size: held, offset, afterEnd: zeroBlocks >= 2, pax }
    onEntry(header)
    metadata?.entry(block, header, ownName)
    zeroBlocks = zeroBlocks >= 2 ? zeroBlocks : 0
    extension = { pax: null, longName: null, longLink: null }
    offset = yield* pad(offset + held, metadata)
  }
}

/** Passes over what fills the last block of what ends at `offset`. @returns where the next block starts */
function* pad(offset: number, metadata: TarMetadata | null): Generator<Wanted, number, Buffer> {
  const fill = (BLOCK - (offset % BLOCK)) % BLOCK
  if (metadata !== null && fill > 0) {
    const padding = yield { offset, length: fill, isPadding: true }
    if (padding.length > 0) metadata.padding(padding)
  }
  return offset + fill
}

function rewrite(header: Buffer, offset: number, onRewrite: Listener['onRewrite']): void {
  sign(header)
  onRewrite(offset, header)
}

/** Takes over what an extended header says. @returns in words why it cannot be, or null */
function extend(extension: Extension, flag: number, data: Buffer): string | null {
  if (flag === LONG_NAME) extension.longName = nameField(data, 0, data.length)
  else if (flag === LONG_LINK) extension.longLink = nameField(data, 0, data.length)
  else {
    const records = paxRecords(data)
    if (records === null) return 'an extended header that is damaged'
    const isGlobal = flag === PAX_GLOBAL
    for (const key of records.keys()) {
      if (key.startsWith('GNU.sparse.')) return 'a sparse entry, which is not supported,'
      if (isGlobal && CHANGES_ENTRIES.test(key))
        return `a global header that sets ${JSON.stringify(key)}, which readers apply differently,`
    }
    // Go forgets what stands in front of a global header.
    if (isGlobal)
      return extension.pax === null && extension.longName === null && extension.longLink === null
        ? null
        : 'a global header between an entry and what belongs to it,'
    extension.pax = records
  }
  // Go takes the GNU name of the two, others the one of PAX.
  const { pax, longName, longLink } = extension
  const disagrees = (own: string | null, key: string): boolean => own !== null && (pax?.get(key) || own) !== own
  return disagrees(longName, 'path') || disagrees(longLink, 'linkpath') ? 'an entry with two long names,' : null
}

/** Lists the entries of a seekable archive of `size` bytes. `read` answers with fewer bytes at the end. */
export async function indexTar(
  where: string,
  size: number,
  read: (offset: number, length: number) => Promise<Buffer>,
  limits: Limits,
): Promise<TarHeader[]> {
  const entries: TarHeader[] = []
  const walk = walkTar(where, limits, {
    onEntry: (header) => {
      if (header.offset + header.size > size) {
        throw new ImageError(
          'truncated',
          `${where}: entry ${shortened(header.name)} needs ${header.size} bytes, but the file ends before: the archive is truncated. Save or build the image again.`,
        )
      }
      if (entries.push(header) > limits.entries)
        throw new ImageError('too-many-entries', `${where} has more than ${limits.entries} entries ${raise('entries')}`)
    },
    onRewrite: () => {},
    metadata: null,
  })
  for (let step = walk.next(); !step.done; ) {
    const { offset, length } = step.value
    step = walk.next(await read(offset, Math.max(0, Math.min(length, size - offset))))
  }
  return entries
}
