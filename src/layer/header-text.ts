// What a layer's tar says beside the contents of its files: names, targets of links, extended attributes, comments, owners, and
// the bytes that should be zero. All of it is pulled with the image, so all of it is searched.
import { ImageError } from '../error.ts'
import { isZero, type TarHeader, type TarMetadata } from '../image/tar-walk.ts'
import { type Limits, raise } from '../limits.ts'
import type { SecretMatch } from '../secrets/match.ts'
import type { Scanner } from '../secrets/scanner.ts'
import { type PieceOf, PieceScan } from './metadata-scan.ts'

/**
 * Where in the tar: the name of an entry, the target of a link, an extended attribute, a comment, another PAX record, the name
 * of owner or group, what is left of a header, what lies between entries.
 */
export const TAR_FIELDS = ['name', 'link', 'xattr', 'comment', 'pax', 'owner', 'header', 'padding'] as const
export type TarField = (typeof TAR_FIELDS)[number]

/** A secret in the headers of a layer's tar. */
export interface TarMatch extends SecretMatch {
  /** Index of the entry; null for what speaks of none or of all. */
  readonly entry: number | null
  readonly field: TarField
  /** Key of the PAX record or extended attribute; null for other fields. */
  readonly key: string | null
}

/** Entries of one layer that are listed for one value in one field: all that lies below a directory has its name. */
const MAX_ENTRIES = 20

/** Names of extended headers in front of one entry that are held against its own; a builder writes three at most. */
const MAX_ANNOUNCED = 16

/** The names and sizes of the string fields, in ustar and in what came before it. */
const OWNER = 265
const OWNER_END = 329
const PREFIX = 345
const PREFIX_END = 500
const PLAIN_NUMBER = /^[\d.+-]*$/
/** Directories that writers of extended headers make up. */
const MADE_UP = /^(?:PaxHeaders?(?:\.\d+)?|\.|\.\.|@LongLink|GlobalHead(?:\.\d+)*|pax_global_header)$/

/** Where a text that a NUL may end stops. */
function textEnd(block: Buffer, from: number, to: number): number {
  const end = block.indexOf(0, from)
  return end === -1 || end > to ? to : end
}

/** Whether a stretch of a header holds octal numbers alone. */
function isNumeric(block: Buffer, from: number, to: number): boolean {
  for (let i = from; i < to; i++) {
    const c = block[i] ?? 0
    if (c !== 0 && c !== 32 && (c < 48 || c > 55)) return false
  }
  return true
}

/** Scans the headers of one layer as the guard sees them pass. */
export class HeaderText implements TarMetadata {
  readonly matches: TarMatch[] = []
  readonly #text: PieceScan<TarField>
  /** Pieces with a NUL, apart: they would make a program of the text around them. */
  readonly #binary: PieceScan<TarField>
  readonly #seen = new Map<string, number>()
  readonly #label: string
  readonly #most: number
  readonly #owner = Buffer.alloc(OWNER_END - OWNER)
  /** Entries so far: what an extended header says is about the next one. */
  #entry = 0
  /** Names of the headers of extended headers, until it is known whether they only repeat the entry's. */
  #announced: string[] = []

  /**
   * @param label names the layer in errors
   * @param skip told when matches were left out
   */
  constructor(scanner: Scanner, label: string, limits: Limits, skip: (reason: string) => void) {
    this.#label = label
    this.#most = limits.matches
    const report = (match: SecretMatch, of: PieceOf<TarField>): void => this.#add(match, of)
    const dropped = (count: number): void => skip(`the headers of its tar hold more matches than are kept; ${count} were left out`)
    this.#text = new PieceScan(scanner, report, dropped)
    this.#binary = new PieceScan(scanner, report, dropped)
  }

  #add(match: SecretMatch, { entry, field, name }: PieceOf<TarField>): void {
    // Names are full of hashes and of words such as `token`: what only an assignment tells is none.
    if (match.detector.generic === true && (field === 'name' || field === 'link')) return
    const key = `${field}\0${match.detector.id}\0${match.identity}`
    const count = (this.#seen.get(key) ?? 0) + 1
    this.#seen.set(key, count)
    if (count > MAX_ENTRIES) return
    if (this.matches.length >= this.#most)
      throw new ImageError('too-many-matches', `${this.#label}: the headers of its tar hold more than ${this.#most} secrets ${raise('matches')}`)
    this.matches.push({ ...match, entry, field, key: name })
  }

  #piece(bytes: Buffer, from: number, to: number, entry: number | null, field: TarField, name: string | null = null): void {
    if (to <= from) return
    const zero = bytes.indexOf(0, from)
    const target = zero !== -1 && zero < to ? this.#binary : this.#text
    target.add(bytes, from, to, { entry, field, name })
  }

  entry(block: Buffer, header: TarHeader, ownName: string): void {
    const entry = this.#entry++
    const nameEnd = textEnd(block, 0, 100)
    const isUstar = block.toString('latin1', 257, 263) === 'ustar\0'
    const prefixEnd = isUstar ? textEnd(block, PREFIX, PREFIX_END) : PREFIX
    if (ownName === header.name) this.#name(block, nameEnd, prefixEnd, entry)
    else this.#announced.push(ownName)
    for (const name of this.#announced) this.#otherName(name, header.name, entry)
    if (this.#announced.length > 0) this.#announced = []

    const linkEnd = textEnd(block, 157, 257)
    if (linkEnd > 157) {
      const own = block.toString('utf8', 157, linkEnd)
      // A longer one that stands elsewhere begins with what fits in here.
      if (own === header.linkName || !header.linkName.startsWith(own.replace(/\ufffd+$/, ''))) this.#piece(block, 157, linkEnd, entry, 'link')
    }
    const isKnownOwner = block.compare(this.#owner, 0, this.#owner.length, OWNER, OWNER_END) === 0
    if (!isKnownOwner) this.#ownerOf(block, entry)
    this.#rest(block, entry, nameEnd, linkEnd, prefixEnd)
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
    block.copy(this.#owner, 0, OWNER, OWNER_END)
    // Before ustar there are no owners by name: what stands there is part of the rest.
    if (block.toString('latin1', 257, 262) !== 'ustar') return
    this.#piece(block, OWNER, textEnd(block, OWNER, 297), entry, 'owner')
    this.#piece(block, 297, textEnd(block, 297, OWNER_END), entry, 'owner')
  }

  /** What a header holds beside its texts: numbers and zeros, or something that belongs elsewhere. */
  #rest(block: Buffer, entry: number | null, nameEnd: number, linkEnd: number, prefixEnd: number): void {
    const isPosix = block.toString('latin1', 257, 262) === 'ustar'
    const userEnd = isPosix ? textEnd(block, OWNER, 297) : OWNER
    const groupEnd = isPosix ? textEnd(block, 297, OWNER_END) : 297
    const isPlain =
      isZero(block, nameEnd, 100) &&
      isNumeric(block, 100, 156) &&
      isZero(block, linkEnd, 257) &&
      (isPosix ? isNumeric(block, 263, OWNER) : isZero(block, 257, OWNER)) &&
      isZero(block, userEnd, 297) &&
      isZero(block, groupEnd, OWNER_END) &&
      isNumeric(block, OWNER_END, PREFIX) &&
      // The old GNU form keeps times there.
      (prefixEnd > PREFIX ? isZero(block, prefixEnd, PREFIX_END) : isNumeric(block, PREFIX, PREFIX_END)) &&
      isZero(block, PREFIX_END, 512)
    if (isPlain) return
    const rest = Buffer.from(block)
    rest.fill(0, 0, nameEnd)
    rest.fill(0, 157, linkEnd)
    rest.fill(0, OWNER, userEnd)
    rest.fill(0, 297, groupEnd)
    rest.fill(0, PREFIX, prefixEnd)
    this.#piece(rest, 0, rest.length, entry, 'header')
  }

  extended(block: Buffer, data: Buffer): void {
    const flag = String.fromCharCode(block[156] ?? 0)
    const isGlobal = flag === 'g'
    const entry = isGlobal ? null : this.#entry
    const nameEnd = textEnd(block, 0, 100)
    const linkEnd = textEnd(block, 157, 257)
    const isUstar = block.toString('latin1', 257, 263) === 'ustar\0'
    const prefixEnd = isUstar ? textEnd(block, PREFIX, PREFIX_END) : PREFIX
    const ownName = (prefixEnd > PREFIX ? `${block.toString('utf8', PREFIX, prefixEnd)}/` : '') + block.toString('utf8', 0, nameEnd)
    if (this.#announced.length < MAX_ANNOUNCED) this.#announced.push(ownName)
    else this.#otherName(ownName, '', entry)
    this.#piece(block, 157, linkEnd, entry, 'header')
    if (block.compare(this.#owner, 0, this.#owner.length, OWNER, OWNER_END) !== 0) this.#ownerOf(block, entry)
    this.#rest(block, entry, nameEnd, linkEnd, prefixEnd)
    if (flag === 'x' || isGlobal) {
      this.#records(data, entry)
      return
    }
    const end = textEnd(data, 0, data.length)
    this.#piece(data, 0, end, entry, flag === 'K' ? 'link' : 'name')
    if (!isZero(data, end)) this.#piece(data, end, data.length, entry, 'pax')
  }

  /** `LENGTH KEY=VALUE\n`, again and again; what has another form is taken as it is. */
  #records(data: Buffer, entry: number | null): void {
    let at = 0
    while (at < data.length) {
      const space = data.indexOf(32, at)
      const digits = space === -1 ? '' : data.toString('latin1', at, Math.min(space, at + 20))
      const length = /^\d{1,10}$/.test(digits) ? Number(digits) : 0
      const end = at + length
      const equals = data.indexOf(61, space)
      if (end <= space + 1 || end > data.length || equals === -1 || equals >= end) break
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
    if (/^(?:[acm]time|[ug]id|size|GNU\.sparse\.\w+|SCHILY\.(?:dev|ino|nlink|fflags))$/.test(key) && to - equals < 32 && PLAIN_NUMBER.test(data.toString('latin1', equals + 1, to)))
      return
    const attribute = /^(?:SCHILY|LIBARCHIVE|RHT)\.(?:xattr|security)\.?(.*)$/s.exec(key)
    const field = attribute !== null ? 'xattr' : key === 'comment' ? 'comment' : key === 'uname' || key === 'gname' ? 'owner' : 'pax'
    const name = attribute?.[1] || key
    this.#piece(data, from, to, entry, field, name)
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
}

const SLASH = Buffer.from('/')
