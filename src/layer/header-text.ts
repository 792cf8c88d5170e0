// What a layer's tar says beside the contents of its files: names, targets of links, extended attributes, comments, owners, and
// the bytes that should be zero. All of it is pulled with the image, so all of it is searched.
import { ImageError } from '../error.ts'
import { isZero } from '../image/tar-header.ts'
import type { TarHeader, TarMetadata } from '../image/tar-walk.ts'
import { type Limits, raise } from '../limits.ts'
import type { Catalogue } from '../secrets/catalogue.ts'
import type { SecretMatch } from '../secrets/match.ts'
import type { Scanner } from '../secrets/scanner.ts'
import type { Content } from './content.ts'
import type { TarField, TarMatch } from './layer-scan.ts'
import { PackedPieces, type PieceOf, PieceScan } from './metadata-scan.ts'

/** Entries of one layer that are listed for one value in one field: all that lies below a directory has its name. */
const MAX_ENTRIES = 20

/** Names of extended headers in front of one entry that are held against its own; a builder writes three at most. */
const MAX_ANNOUNCED = 16

/** Types of extended headers, as character codes. */
const LONG_LINK = 75
const GLOBAL = 103
const LOCAL = 120
/** Where fields of a header begin and end. */
const LINK = 157
const LINK_END = 257
const OWNER = 265
const GROUP = 297
const OWNER_END = 329
const PREFIX = 345
const PREFIX_END = 500
/** Directories that writers of extended headers make up. */
const MADE_UP = /^(?:PaxHeaders?(?:\.\d+)?|\.|\.\.|@LongLink|GlobalHead(?:\.\d+)*|pax_global_header)$/

/** The names that GNU tar and Python give to all extended headers. */
const ALWAYS_MADE_UP = new Set(['././@LongLink', '././@PaxHeader'])
/** Records that hold numbers, wherever they do. */
const NUMBERS = new Set([
  'mtime',
  'atime',
  'ctime',
  'uid',
  'gid',
  'size',
  'SCHILY.dev',
  'SCHILY.ino',
  'SCHILY.nlink',
  'GNU.sparse.major',
  'GNU.sparse.minor',
  'GNU.sparse.realsize',
])

/** Where a text that a NUL may end stops. */
function textEnd(block: Buffer, from: number, to: number): number {
  let end = from
  while (end < to && block[end] !== 0) end++
  return end
}

/** Whether the block is of ustar or of GNU tar, which have names of owners. */
const hasOwners = (block: Buffer): boolean =>
  block[257] === 0x75 && block[258] === 0x73 && block[259] === 0x74 && block[260] === 0x61 && block[261] === 0x72
/** Whether the block is of ustar: its name may have a prefix. */
const hasPrefix = (block: Buffer): boolean => hasOwners(block) && block[262] === 0

/** Whether a stretch of a header holds octal numbers alone. */
function isNumeric(block: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const c = block[i] ?? 0
    if (c !== 0 && c !== 32 && (c < 48 || c > 55)) return false
  }
  return true
}

/** Whether two headers differ in name and numbers alone. */
const isLike = (block: Buffer, known: Buffer): boolean => block.compare(known, LINK, 512, LINK, 512) === 0

/** Whether a stretch is one decimal number. */
function isDecimal(bytes: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const c = bytes[i] ?? 0
    if (c !== 45 && c !== 46 && (c < 48 || c > 57)) return false
  }
  return true
}

/** Scans the headers of one layer as the guard sees them pass. */
export class HeaderText implements TarMetadata {
  readonly matches: TarMatch[] = []
  readonly #text: PieceScan<TarField>
  /** Pieces with a NUL, apart: they would make a program of the text around them. */
  readonly #binary: PieceScan<TarField>
  readonly #packed = new PackedPieces<TarField>()
  readonly #seen = new Map<string, number>()
  readonly #catalogue: Catalogue
  readonly #label: string
  readonly #most: number
  readonly #owner = Buffer.alloc(OWNER_END - OWNER)
  /** A header of which all behind the name and the numbers is known and holds nothing new: most are like the one before. */
  readonly #known = Buffer.alloc(512, 255)
  /** The same of extended headers. */
  readonly #knownExtended = Buffer.alloc(512, 255)
  /** Entries so far: what an extended header says is about the next one. */
  #entry = 0
  /** Names of the headers of extended headers, until it is known whether they only repeat the entry's. */
  #announced: string[] = []

  /**
   * @param label names the layer in errors
   * @param skip told when matches were left out
   */
  constructor(scanner: Scanner, label: string, limits: Limits, skip: (reason: string) => void) {
    this.#catalogue = scanner.catalogue
    this.#label = label
    this.#most = limits.matches
    const report = (match: SecretMatch, of: PieceOf<TarField>): void => this.#add(match, of)
    const left = (reason: string): void => skip(`the headers of its tar: ${reason}`)
    this.#text = new PieceScan(scanner, report, left)
    this.#binary = new PieceScan(scanner, report, left)
  }

  #add(match: SecretMatch, { entry, field, name }: PieceOf<TarField>): void {
    // Names are full of hashes and of words such as `token`: what only an assignment tells is none.
    if (this.#catalogue.kindOf(match.detector).generic === true && (field === 'name' || field === 'link')) return
    const key = `${field}\0${match.detector}\0${match.identity}`
    const count = (this.#seen.get(key) ?? 0) + 1
    this.#seen.set(key, count)
    if (count > MAX_ENTRIES) return
    if (this.matches.length >= this.#most)
      throw new ImageError(
        'too-many-matches',
        `${this.#label}: the headers of its tar hold more than ${this.#most} secrets ${raise('matches')}`,
      )
    this.matches.push({ ...match, entry, field, key: name })
  }

  #piece(
    bytes: Buffer,
    from: number,
    to: number,
    entry: number | null,
    field: TarField,
    name: string | null = null,
  ): void {
    if (to <= from) return
    const zero = bytes.indexOf(0, from)
    const of = { entry, field, name }
    if (zero === -1 || zero >= to) this.#text.add(bytes, from, to, of)
    else {
      this.#binary.add(bytes, from, to, of)
      this.#packed.add(bytes.subarray(from, to), of)
    }
  }

  entry(block: Buffer, header: TarHeader, ownName: string): void {
    const entry = this.#entry++
    const isKnown = isLike(block, this.#known)
    const nameEnd = textEnd(block, 0, 100)
    const prefixEnd = !isKnown && hasPrefix(block) ? textEnd(block, PREFIX, PREFIX_END) : PREFIX
    if (ownName === header.name) this.#name(block, nameEnd, prefixEnd, entry)
    else this.#announced.push(ownName)
    if (this.#announced.length > 0) {
      for (const name of this.#announced) this.#otherName(name, header.name, entry)
      this.#announced = []
    }
    const linkEnd = isKnown ? LINK : textEnd(block, LINK, LINK_END)
    if (linkEnd > LINK) {
      const own = block.toString('utf8', LINK, linkEnd)
      // A longer one that stands elsewhere begins with what fits in here.
      if (own === header.linkName || !header.linkName.startsWith(own.replace(/\ufffd+$/, '')))
        this.#piece(block, LINK, linkEnd, entry, 'link')
    }
    if (this.#rest(block, entry, isKnown, nameEnd, linkEnd, prefixEnd)) block.copy(this.#known)
  }

  #name(block: Buffer, nameEnd: number, prefixEnd: number, entry: number): void {
    this.#text.room(256)
    this.#text.open({ entry, field: 'name', name: null })
    if (prefixEnd > PREFIX) {
      this.#text.copy(block, PREFIX, prefixEnd)
      this.#text.copy(SLASH, 0, 1)
    }
    this.#text.copy(block, 0, nameEnd)
    this.#text.close()
  }

  /** A name that another one takes the place of: mostly its beginning, whose parts say nothing new. */
  #otherName(name: string, whole: string, entry: number | null): void {
    if (name.split('/').every((part) => MADE_UP.test(part) || whole.includes(part))) return
    const bytes = Buffer.from(name)
    this.#piece(bytes, 0, bytes.length, entry, 'header')
  }

  #ownerOf(block: Buffer, entry: number | null): void {
    // Before ustar there are no owners by name: what stands there is part of the rest.
    if (!hasOwners(block) || block.compare(this.#owner, 0, this.#owner.length, OWNER, OWNER_END) === 0) return
    block.copy(this.#owner, 0, OWNER, OWNER_END)
    this.#piece(block, OWNER, textEnd(block, OWNER, GROUP), entry, 'owner')
    this.#piece(block, GROUP, textEnd(block, GROUP, OWNER_END), entry, 'owner')
  }

  /**
   * What a header holds beside its texts: numbers and zeros, or something that belongs elsewhere.
   * @returns whether headers that are like this one hold nothing new
   */
  #rest(
    block: Buffer,
    entry: number | null,
    isKnown: boolean,
    nameEnd: number,
    linkEnd: number,
    prefixEnd: number,
  ): boolean {
    const isPlainName = isZero(block, nameEnd, 100) && isNumeric(block, 100, 156)
    if (isKnown && isPlainName) return false
    this.#ownerOf(block, entry)
    const isPosix = hasOwners(block)
    const userEnd = isPosix ? textEnd(block, OWNER, GROUP) : OWNER
    const groupEnd = isPosix ? textEnd(block, GROUP, OWNER_END) : GROUP
    const isPlain =
      isZero(block, linkEnd, LINK_END) &&
      (isPosix ? isNumeric(block, 263, OWNER) : isZero(block, LINK_END, OWNER)) &&
      isZero(block, userEnd, GROUP) &&
      isZero(block, groupEnd, OWNER_END) &&
      isNumeric(block, OWNER_END, PREFIX) &&
      // The old GNU form keeps times there.
      (prefixEnd > PREFIX ? isZero(block, prefixEnd, PREFIX_END) : isNumeric(block, PREFIX, PREFIX_END)) &&
      isZero(block, PREFIX_END, 512)
    const isKnowable = isPlain && linkEnd === LINK && prefixEnd === PREFIX
    if (isPlain && isPlainName) return isKnowable
    const rest = Buffer.from(block)
    rest.fill(0, 0, nameEnd)
    rest.fill(0, LINK, linkEnd)
    rest.fill(0, OWNER, userEnd)
    rest.fill(0, GROUP, groupEnd)
    rest.fill(0, PREFIX, prefixEnd)
    this.#piece(rest, 0, rest.length, entry, 'header')
    return isKnowable
  }

  announced(block: Buffer): void {
    const entry = block[156] === GLOBAL ? null : this.#entry
    const isKnown = isLike(block, this.#knownExtended)
    const nameEnd = textEnd(block, 0, 100)
    const linkEnd = isKnown ? LINK : textEnd(block, LINK, LINK_END)
    const prefixEnd = !isKnown && hasPrefix(block) ? textEnd(block, PREFIX, PREFIX_END) : PREFIX
    const ownName =
      (prefixEnd > PREFIX ? `${block.toString('utf8', PREFIX, prefixEnd)}/` : '') + block.toString('utf8', 0, nameEnd)
    if (this.#announced.length >= MAX_ANNOUNCED) this.#otherName(ownName, '', entry)
    else if (!ALWAYS_MADE_UP.has(ownName)) this.#announced.push(ownName)
    this.#piece(block, LINK, linkEnd, entry, 'header')
    if (this.#rest(block, entry, isKnown, nameEnd, linkEnd, prefixEnd)) block.copy(this.#knownExtended)
  }

  extended(flag: number, data: Buffer): void {
    const entry = flag === GLOBAL ? null : this.#entry
    if (flag === LOCAL || flag === GLOBAL) {
      this.#records(data, entry)
      return
    }
    const end = textEnd(data, 0, data.length)
    this.#piece(data, 0, end, entry, flag === LONG_LINK ? 'link' : 'name')
    if (!isZero(data, end)) this.#piece(data, end, data.length, entry, 'pax')
  }

  /** `LENGTH KEY=VALUE\n`, again and again; what has another form is taken as it is. */
  #records(data: Buffer, entry: number | null): void {
    let at = 0
    while (at < data.length) {
      const space = data.indexOf(32, at)
      const length =
        space === -1 || space - at > 10 || !isDecimal(data, at, space) ? 0 : Number(data.toString('latin1', at, space))
      const end = at + length
      const equals = data.indexOf(61, space)
      if (!(end > space + 1) || end > data.length || equals === -1 || equals >= end) break
      const valueEnd = data[end - 1] === 10 ? end - 1 : end
      this.#record(data, space + 1, equals, valueEnd, entry)
      at = end
    }
    if (!isZero(data, at)) this.#piece(data, at, data.length, entry, 'pax')
  }

  #record(data: Buffer, from: number, equals: number, to: number, entry: number | null): void {
    const key = data.toString('utf8', from, equals)
    if (key === 'path' || key === 'linkpath' || key === 'GNU.sparse.name') {
      this.#piece(data, equals + 1, to, entry, key === 'linkpath' ? 'link' : 'name')
      return
    }
    if (NUMBERS.has(key) && isDecimal(data, equals + 1, to)) return
    const attribute = /^(?:SCHILY|LIBARCHIVE|RHT)\.(?:xattr|security)\.?(.*)$/s.exec(key)
    const field =
      attribute !== null
        ? 'xattr'
        : key === 'comment'
          ? 'comment'
          : key === 'uname' || key === 'gname'
            ? 'owner'
            : 'pax'
    const name = attribute?.[1] || key
    this.#piece(data, from, to, entry, field, name)
    this.#packed.add(data.subarray(equals + 1, to), { entry, field, name })
    // libarchive writes values in base64, also those that are too short to be recognised as such.
    if (key.startsWith('LIBARCHIVE.xattr.')) {
      const value = Buffer.from(data.toString('latin1', equals + 1, to), 'base64')
      this.#piece(value, 0, value.length, entry, field, name)
    }
  }

  padding(bytes: Buffer): void {
    this.#piece(bytes, 0, bytes.length, this.#entry === 0 ? null : this.#entry - 1, 'padding')
  }

  /** Scans what is left, when the tar has ended. */
  end(): void {
    for (const name of this.#announced) this.#otherName(name, '', null)
    this.#announced = []
    this.#text.flush()
    this.#binary.flush()
  }

  /** Looks into what is packed, when the tar has ended. @param contentOf a content to push one piece to @returns pieces that were left out */
  packed(contentOf: () => Content): Promise<number> {
    return this.#packed.read(contentOf, (match, of) => this.#add(match, of))
  }
}

const SLASH = Buffer.from('/')
