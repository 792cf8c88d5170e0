// How packed content is recognised: by its first bytes, and in the midst of other bytes by signs that are held against what follows.

import zlib from 'node:zlib'
import { codeOf } from '../error.ts'
import { isBzip2 } from './bzip2.ts'
import { Feed } from './feed.ts'
import { isGzip } from './gzip.ts'
import { decode, type Stream } from './streams.ts'
import { isXz } from './xz.ts'
import { frameHeader, isSkippable } from './zstd.ts'

/** Streams, and archives with members. */
export type Packing = Stream | 'zip' | 'tar' | 'ar' | 'cpio' | 'rpm' | 'git-pack' | 'git-bundle'

/** What is known by name and not opened. */
interface Closed {
  readonly closed: string
}

export type Told = Packing | Closed

/** Bytes that `packingOf` wants to see, or the whole content. */
export const HEAD = 512

const ascii = (head: Buffer, from: number, text: string): boolean =>
  head.length >= from + text.length && head.toString('latin1', from, from + text.length) === text

/** Archives and streams that are recognised by their first bytes and not opened: each by all the bytes that it may begin with. */
const CLOSED: readonly (readonly [string, RegExp, string])[] = [
  ['R', /^Rar!\x1a\x07/, 'rar'],
  ['7', /^7z\xbc\xaf\x27\x1c/, '7z'],
  ['hs', /^(?:hsqs|sqsh)/, 'squashfs'],
  ['M', /^MSCF\0\0\0\0/, 'cab'],
  ['M', /^MSWIM\0\0\0/, 'wim'],
  ['L', /^LZIP[\0\x01]/, 'lzip'],
  ['\x04', /^\x04\x22\x4d\x18/, 'lz4'],
  ['\x02', /^\x02\x21\x4c\x18/, 'lz4'],
  ['\x89', /^\x89LZO\0\r\n\x1a\n/, 'lzop'],
  ['\x1f', /^\x1f\x9d[\x80-\x90]/, 'compress'],
  ['\x1f', /^\x1f\xa0/, 'compress (LZH)'],
  ['\x1f', /^\x1f\x1e/, 'pack'],
  ['L', /^LRZI\0/, 'lrzip'],
  ['R', /^RZIP\x02/, 'rzip'],
  ['z7', /^(?:zPQ[\x01\x02]\x01|7kSt\xa0\x31\x83\xd3\x8c\xb2\x28\xb0\xd3)/, 'zpaq'],
  ['\x60', /^\x60\xea/, 'arj'],
  ['x', /^xar!\0\x1c/, 'xar'],
  ['\xff', /^\xff\x06\0\0sNaPpY/, 'snappy'],
  ['Q', /^QFI\xfb/, 'qcow2'],
  ['A', /^ArC\x01/, 'FreeArc'],
  ['Z', /^ZOO [\d.]+ Archive/, 'zoo'],
  ['\xce', /^\xce\xb2\xcf\x81/, 'brotli (framed)'],
  ['B', /^BZ3v1/, 'bzip3'],
  ['b', /^bvx[12n-]/, 'lzfse'],
  ['\x28\x45', /^\x45\x3d\xcd\x28|^\x28\xcd\x3d\x45/, 'cramfs'],
]

const CLOSED_BY_BYTE = new Map<number, (typeof CLOSED)[number][]>()
for (const closed of CLOSED)
  for (const first of Buffer.from(closed[0], 'latin1'))
    CLOSED_BY_BYTE.set(first, [...(CLOSED_BY_BYTE.get(first) ?? []), closed])

/** What packed content may begin with: other content, which is nearly all, is told from it by one look. */
const FIRST_BYTES = new Set([
  ...Buffer.from('\x1fPx\x28\xfdB!0\xc7\x71\xed#\x5d\x7f', 'latin1'),
  ...CLOSED_BY_BYTE.keys(),
  ...Array.from({ length: 16 }, (_, index) => 0x50 + index),
  ...Array.from({ length: 8 }, (_, index) => (index << 4) | 8),
])

/** The header of lzma-alone: properties, the size of the dictionary, the size of the content or -1. */
function isLzma(head: Buffer): boolean {
  if (head.length < 14 || (head[0] ?? 225) >= 225 || head[13] !== 0) return false
  const dictionary = head.readUInt32LE(1)
  const rounded = dictionary !== 0 && (dictionary & (dictionary - 1)) === 0
  const rounded2 = dictionary % 3 === 0 && Number.isInteger(Math.log2(dictionary / 3))
  const size = head.readBigUInt64LE(5)
  return dictionary >= 4096 && (rounded || rounded2) && (size === 0xffff_ffff_ffff_ffffn || size < 2n ** 38n)
}

/** A zlib stream has two bytes of header; what follows must inflate. */
const isZlib = (head: Buffer): boolean =>
  head.length >= 8 && isZlibHeader(head[0] ?? 0, head[1] ?? 0) && inflates(head.subarray(2))

/** Deflate, a window of up to 32 KiB, no dictionary that is agreed on, a checksum. RFC 1950, section 2.2 */
export const isZlibHeader = (method: number, flags: number): boolean =>
  (method & 0x8f) === 8 && ((method << 8) | flags) % 31 === 0 && (flags & 0x20) === 0

/** Bytes that are inflated to see whether they can be. */
const PROBE = 1 << 10

/** Whether raw deflate may start here: the bytes at hand inflate to something. */
function inflates(bytes: Buffer): boolean {
  try {
    return (
      zlib.inflateRawSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH, maxOutputLength: PROBE, chunkSize: PROBE })
        .length > 0
    )
  } catch (error) {
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE'
  }
}

/** Whether the header of a zip's member stands here, by all of its fields. */
export function isZipMember(head: Buffer): boolean {
  if (head.length < 31 || head.readUInt32LE(0) !== 0x04034b50) return false
  const method = head.readUInt16LE(8)
  const nameLength = head.readUInt16LE(26)
  if (
    (head[4] ?? 0) > 63 ||
    (head.readUInt16LE(6) & 0xd080) !== 0 ||
    !(method <= 20 || (method >= 93 && method <= 99)) ||
    nameLength === 0 ||
    nameLength > 4096
  )
    return false
  return head.subarray(30, 30 + nameLength).every((byte) => byte >= 32)
}

/** Where the checksum of a tar header stands. */
const CHECKSUM = 148
const CHECKSUM_END = 156

/** Whether a number stands where a header has its checksum: text that only says `ustar` at the place of the sign is no tar. */
const isTarHeader = (head: Buffer): boolean =>
  /^[ \0]*(?:[0-7]+[ \0]*)?$/.test(head.toString('latin1', CHECKSUM, CHECKSUM_END))

/**
 * Tells what content is packed by its first bytes.
 * @param head its first HEAD bytes, or all of it
 * @param path its name, for what has no sign of its own
 */
export function packingOf(head: Buffer, path: string): Told | null {
  const first = head[0]
  if (first === undefined) return null
  // A tar begins with the name of its first entry.
  if (head[257] === 0x75 && ascii(head, 257, 'ustar') && isTarHeader(head)) return 'tar'
  if (head[2] === 0x2d && /^..-l[hz][0-9ds]-/s.test(head.toString('latin1', 0, 7))) return { closed: 'lha' }
  if (path.endsWith('.br') && !isGzip(head)) return 'brotli'
  return FIRST_BYTES.has(first) ? (openedOf(head, first) ?? closedOf(head, first)) : null
}

/** What is opened, by its first bytes. */
function openedOf(head: Buffer, first: number): Packing | null {
  switch (first) {
    case 0x1f:
      return isGzip(head) ? 'gzip' : null
    case 0x28:
      return frameHeader(head) === null ? null : 'zstd'
    case 0xfd:
      return ascii(head, 0, '\xfd7zXZ\0') ? 'xz' : null
    case 0x42:
      return isBzip2(head) ? 'bzip2' : null
    case 0x21:
      return ascii(head, 0, '!<arch>\n') ? 'ar' : null
    case 0xed:
      return ascii(head, 0, '\xed\xab\xee\xdb') ? 'rpm' : null
    case 0x23:
      return /^# v[23] git bundle\n/.test(head.toString('latin1', 0, 16)) ? 'git-bundle' : null
    case 0x30:
      return /^07070(?:[12][0-9A-Fa-f]{24}|7[0-7]{24})/.test(head.toString('latin1', 0, 30)) ? 'cpio' : null
  }
  if ((first & 0x8f) === 8 && isZlib(head)) return 'zlib'
  if (first < 0x50 || first > 0x5f) return null
  if (isSkippable(head)) return 'zstd'
  if (/^PK(?:\x03\x04|\x05\x06|00PK\x03\x04|\x07\x08PK\x03\x04)/.test(head.toString('latin1', 0, 8))) return 'zip'
  return ascii(head, 0, 'PACK\0\0\0') && (head[7] === 2 || head[7] === 3) ? 'git-pack' : null
}

function closedOf(head: Buffer, first: number): Closed | null {
  const start = head.toString('latin1', 0, 24)
  const closed = CLOSED_BY_BYTE.get(first)?.find(([, magic]) => magic.test(start))
  if (closed !== undefined) return { closed: closed[2] }
  if (first === 0x5d && isLzma(head)) return { closed: 'lzma' }
  if ((first === 0xc7 || first === 0x71) && isBinaryCpio(head)) return { closed: 'cpio (binary)' }
  if (first === 0x7f && ascii(head, 0, '\x7fELF') && head.includes('UPX!', 0, 'latin1')) return { closed: 'UPX' }
  return null
}

/** The old binary cpio has a sign of two bytes: the length of its first name must fit. */
function isBinaryCpio(head: Buffer): boolean {
  if (head.length < 28 || (head[0] === 0xc7) !== (head[1] === 0x71) || (head[0] === 0x71) !== (head[1] === 0xc7))
    return false
  const nameLength = head[0] === 0xc7 ? head.readUInt16LE(20) : head.readUInt16BE(20)
  return nameLength > 1 && head[25 + nameLength] === 0
}

/** Signs of packed content that the search for literals finds anywhere, and how far in front of the sign the content starts. */
export const SIGNS = {
  '\x1f\x8b\x08': { packing: 'gzip', before: 0 },
  'PK\x03\x04': { packing: 'zip', before: 0 },
  '\x28\xb5\x2f\xfd': { packing: 'zstd', before: 0 },
  '\xfd7zXZ\0': { packing: 'xz', before: 0 },
  '1AY&SY': { packing: 'bzip2', before: 4 },
  '7z\xbc\xaf\x27\x1c': { packing: '7z', before: 0 },
  'Rar!\x1a\x07': { packing: 'rar', before: 0 },
  hsqs: { packing: 'squashfs', before: 0 },
  '\x04\x22\x4d\x18': { packing: 'lz4', before: 0 },
  '\x89LZO\0\r\n\x1a\n': { packing: 'lzop', before: 0 },
  'CD001\x01': { packing: 'iso', before: 0 },
  // What a PDF deflates stands behind these, what a PNG deflates behind the name of its chunk and a keyword.
  'stream\n': { packing: 'pdf-stream', before: -7 },
  'stream\r\n': { packing: 'pdf-stream', before: -8 },
  zTXt: { packing: 'png-text', before: -4 },
  iTXt: { packing: 'png-text', before: -4 },
  iCCP: { packing: 'png-text', before: -4 },
} as const

export type Sign = (typeof SIGNS)[keyof typeof SIGNS]['packing']

/** Bytes in front of a sign that belong to it, at most. */
export const BEFORE_SIGN = 16
/** Bytes that `confirmed` wants to see. */
const TRIAL = 1 << 16

/**
 * Holds a sign in the midst of other bytes against what follows: many programs carry such signs to recognise files.
 * @param position of the sign in its content
 * @param isScript the content begins as a script does
 */
export async function confirmed(sign: Sign, feed: Feed, position: number, isScript: boolean): Promise<Told | null> {
  const head = await feed.peek(sign === 'gzip' || sign === 'zip' ? 1 << 12 : 64)
  switch (sign) {
    case 'zip':
      return isZipMember(head) &&
        (head.readUInt16LE(8) !== 8 ||
          (head.readUInt16LE(6) & 1) !== 0 ||
          inflates(head.subarray(30 + head.readUInt16LE(26) + head.readUInt16LE(28))))
        ? 'zip'
        : null
    case 'gzip':
      return isGzip(head) &&
        [0, 2, 4].includes(head[8] ?? 1) &&
        ((head[9] ?? 14) <= 13 || head[9] === 255) &&
        (await gives('gzip', head))
        ? 'gzip'
        : null
    case 'zstd':
      return frameHeader(head) !== null && (await gives('zstd', await feed.peek(TRIAL * 3))) ? 'zstd' : null
    case 'xz':
      return isXz(head) ? 'xz' : null
    case 'bzip2':
      return isBzip2(head) ? 'bzip2' : null
    case 'iso':
      return position === 32_769 ? { closed: 'ISO 9660' } : null
    case '7z':
      return head.length >= 32 && zlib.crc32(head.subarray(12, 32)) === head.readUInt32LE(8) ? { closed: '7z' } : null
    case 'rar':
      return head[9] === 0x73 || (head[6] === 1 && head[7] === 0 && isRar5(head)) ? { closed: 'rar' } : null
    case 'squashfs':
      return head.length >= 32 && head.readUInt16LE(28) === 4 && head.readUInt32LE(12) === 2 ** head.readUInt16LE(22)
        ? { closed: 'squashfs' }
        : null
    case 'lz4':
      return (head[4] ?? 0) >> 6 === 1 &&
        ((head[4] ?? 0) & 2) === 0 &&
        ((head[5] ?? 0) & 0x8f) === 0 &&
        (head[5] ?? 0) >= 0x40 &&
        isScript
        ? { closed: 'lz4' }
        : null
    case 'lzop':
      return head.length >= 20 && head[9] === 0x10 ? { closed: 'lzop' } : null
    case 'png-text':
      return (await skipKeyword(feed)) && isZlib(await feed.peek(HEAD)) ? 'zlib' : null
    case 'pdf-stream':
      return isZlib(await feed.peek(HEAD)) ? 'zlib' : null
  }
}

/** Longest keyword of a chunk of a PNG, with what stands behind it in front of the deflated text: method, language. */
const MAX_KEYWORD = 200

/** Passes over the keyword of a chunk of a PNG. */
async function skipKeyword(feed: Feed): Promise<boolean> {
  const head = await feed.peek(MAX_KEYWORD)
  for (let at = 1; at + 1 < head.length; at++) {
    if (head[at - 1] !== 0 || !isZlibHeader(head[at] ?? 0, head[at + 1] ?? 0)) continue
    await feed.skip(at)
    return true
  }
  return false
}

/** The first header of a rar archive: its checksum, and its size in one byte. */
function isRar5(head: Buffer): boolean {
  const size = head[12] ?? 128
  return size < 48 && head.length >= 13 + size && zlib.crc32(head.subarray(12, 13 + size)) === head.readUInt32LE(8)
}

/** Whether bytes decode to anything. */
async function gives(kind: Stream, bytes: Buffer): Promise<boolean> {
  let rest: Buffer | null = Buffer.from(bytes)
  const feed = new Feed(async () => {
    const next = rest
    rest = null
    return next
  })
  try {
    for await (const chunk of decode(kind, feed)) if (chunk.length > 0) return true
  } catch {
    // It does not decode: the sign is a chance, or a program's that looks for such signs.
  }
  return false
}
