// Text in another form inside a window: UTF-16 made narrow, base64 and hex joined over line breaks, and whether it can be text
// at all. What base64 packs is in packed-text.ts.
import type { Kernel } from './prefilter/search.ts'

/** Groups of three bytes: shorter text holds no credential. */
const MIN_DECODED_QUADS = 7
/** Parts of one base64 text are at most this far apart: a line break and its indentation. */
const MAX_GAP = 80

/** The first of four base64 characters, where the bytes they stand for begin with printable text, a tab or a line break. */
const STARTS_TEXT = Uint8Array.from({ length: 256 }, (_, c) =>
  /[C-Za-f]/.test(String.fromCharCode(c)) && !/[EFGH]/.test(String.fromCharCode(c)) ? 1 : 0,
)

/**
 * Whether from a place on, `MIN_DECODED_QUADS` groups of four characters in a row can stand for text. Each step looks at the
 * last of so many groups first: what cannot be part of a run is passed over.
 */
function mayBeText(bytes: Buffer, from: number, to: number): boolean {
  const reach = 4 * (MIN_DECODED_QUADS - 1)
  for (let start = from; start + reach < to; ) {
    let at = start + reach
    while (at >= start && STARTS_TEXT[bytes[at] ?? 0] === 1) at -= 4
    if (at < start) return true
    start = at + 4
  }
  return false
}

const M = 77
const EQUALS = 61
const LINE_FEED = 10
const CARRIAGE_RETURN = 13
const BACKSLASH = 92

/** The value of a base32 digit by its character; 255 for any other. RFC 4648, section 6 */
const BASE32_DIGIT = Uint8Array.from({ length: 256 }, (_, c) => {
  const value = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(String.fromCharCode(c))
  return value === -1 ? 255 : value
})
/** Characters of base32 that hold the shortest token. */
const MIN_BASE32 = 40

/** Whether a run begins as base32 does. Base64 has as many capitals in a row once in 10^11. */
function mayBeBase32(bytes: Buffer, from: number, to: number): boolean {
  if (to - from < MIN_BASE32) return false
  for (let i = from; i < from + MIN_BASE32; i++) if (BASE32_DIGIT[bytes[i] ?? 0] === 255) return false
  return true
}

/** Decodes the base32 digits that a run begins with. */
function decodeBase32(bytes: Buffer): Buffer {
  const found: number[] = []
  let [bits, held] = [0, 0]
  for (const byte of bytes) {
    const digit = BASE32_DIGIT[byte] ?? 255
    if (digit === 255) break
    bits = ((bits << 5) | digit) & 0xfff
    held += 5
    if (held < 8) continue
    held -= 8
    found.push((bits >> held) & 255)
  }
  return Buffer.from(found)
}

/** Whether a run may be the base64 of text, wherever its groups begin. */
function isBase64Text(bytes: Buffer, from: number, to: number): boolean {
  for (let skip = 0; skip < 4; skip++) if (mayBeText(bytes, from + skip, to)) return true
  for (let skip = 0; skip < 8; skip++) if (mayBeWide(bytes, from + skip, to)) return true
  return false
}

/** Groups of four characters of UTF-16 that begin with a letter and with a zero in turn: two of them stand for three letters. */
const MIN_WIDE_PAIRS = 5

/** Whether from a place on, groups of four can stand for UTF-16 text, as PowerShell takes commands. */
function mayBeWide(bytes: Buffer, from: number, to: number): boolean {
  const reach = 8 * (MIN_WIDE_PAIRS - 1)
  for (let start = from; start + reach + 4 < to; ) {
    let at = start + reach
    while (at >= start && STARTS_TEXT[bytes[at] ?? 0] === 1 && bytes[at + 4] === 65) at -= 8
    if (at < start) return true
    start = at + 8
  }
  return false
}

/** How base64 begins with a packing: zip, bzip2, xz, zstd, zlib at its four levels. gzip is found anywhere (packed-text.ts). */
const PACKED_BASE64 = /^(?:UEsDB|QlpoO|\/Td6W|KLUv\/|eJ[w-z]|eA[E-H]|eN[o-r]|eF[4-7])/
/** The same, or the structure of a DER key. */
const OPENED_BASE64 = new RegExp(`^M[ICH]|${PACKED_BASE64.source}`)
/** The same in hex, with gzip. */
const PACKED_HEX = /^(?:1f8b08|504b0304|425a68|fd377a58|28b52ffd|78(?:9c|01|da|5e))/i
/** Characters that these take. */
const SIGN_LENGTH = 8

/** Whether a run begins as packed content does. */
function mayBePacked(window: Buffer, from: number): boolean {
  const first = window[from] ?? 0
  // `U`, `Q`, `/`, `K`, `e`; `1`, `5`, `4`, `f`, `F`, `2`, `7`.
  if (!PACKED_FIRST.has(first)) return false
  const head = window.toString('latin1', from, from + SIGN_LENGTH)
  return PACKED_BASE64.test(head) || PACKED_HEX.test(head)
}
const PACKED_FIRST = new Set(Buffer.from('UQ/Ke154fF27'))

/**
 * Where the groups of four may begin in base64 text whose first characters may not belong to it. None for a hash, a path
 * or a symbol name, which decode to no text, nor to the structure that a DER key begins with.
 */
function alignments(bytes: Buffer): number[] {
  const found = [0, 1, 2, 3].filter(
    (skip) =>
      mayBeText(bytes, skip, bytes.length) ||
      mayBeWide(bytes, skip, bytes.length) ||
      mayBeWide(bytes, skip + 4, bytes.length),
  )
  return !found.includes(0) &&
    (bytes[0] === M || PACKED_FIRST.has(bytes[0] ?? 0)) &&
    OPENED_BASE64.test(bytes.toString('latin1', 0, SIGN_LENGTH))
    ? [0, ...found]
    : found
}

/** Pairs of hex digits in a row that stand for text: a hash of twenty bytes has them once in a million. */
const MIN_HEX_PAIRS = 16
/** The value of a hex digit by its character; 255 for any other. */
const HEX_DIGIT = Uint8Array.from({ length: 256 }, (_, c) =>
  /[0-9A-Fa-f]/.test(String.fromCharCode(c)) ? Number.parseInt(String.fromCharCode(c), 16) : 255,
)

const isTextByte = (byte: number): boolean => (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13

const byteInHex = (bytes: Buffer, at: number): number =>
  (HEX_DIGIT[bytes[at] ?? 0] ?? 0) * 16 + (HEX_DIGIT[bytes[at + 1] ?? 0] ?? 0)

/**
 * Whether pairs of hex digits from a place on stand for text. Of so many pairs in a row the last is looked at first: what cannot
 * be part of a run is passed over.
 */
function isTextInHex(bytes: Buffer, from: number, to: number): boolean {
  const reach = 2 * (MIN_HEX_PAIRS - 1)
  for (let start = from; start + reach + 1 < to; ) {
    let at = start + reach
    // In UTF-16 every other byte is a zero.
    for (let byte = byteInHex(bytes, at); at >= start && (isTextByte(byte) || byte === 0); byte = byteInHex(bytes, at))
      at -= 2
    if (at >= start) {
      start = at + 2
      continue
    }
    const end = textInHex(bytes, start, to)
    if (end === null) return true
    start = end
  }
  return false
}

/** @returns where text ends too early; null where it is long enough */
function textInHex(bytes: Buffer, from: number, to: number): number | null {
  let run = 0
  let wasText = false
  for (let at = from; at + 1 < to; at += 2) {
    const byte = byteInHex(bytes, at)
    if (byte === 0 && wasText) {
      wasText = false
      continue
    }
    wasText = isTextByte(byte)
    run = wasText ? run + 1 : 0
    if (run === MIN_HEX_PAIRS) return null
    if (!wasText && byte !== 0) return at + 2
  }
  return to
}

/** Whether pairs of hex digits stand for text or for what is packed. */
const isHexText = (bytes: Buffer, from: number, to: number): boolean =>
  (PACKED_FIRST.has(bytes[from] ?? 0) && isPackedHex(bytes, from, to)) || isTextInHex(bytes, from, to)
const isPackedHex = (bytes: Buffer, from: number, to: number): boolean =>
  PACKED_HEX.test(bytes.toString('latin1', from, Math.min(to, from + SIGN_LENGTH)))

/**
 * The first hex digits in a run of base64 characters that stand for text: behind `0x`, a path, a name. Among so many characters,
 * one digit in a row of hex is met: what cannot be part of one is passed over.
 * @returns where they begin and end, and whether they do so at each alignment; null where there are none
 */
function nextHex(
  bytes: Buffer,
  from: number,
  to: number,
): { start: number; end: number; isEven: boolean; isOdd: boolean } | null {
  for (let probe = from + 2 * MIN_HEX_PAIRS - 1, done = from; probe < to; probe += 2 * MIN_HEX_PAIRS) {
    if (HEX_DIGIT[bytes[probe] ?? 0] === 255) continue
    let [start, end] = [probe, probe + 1]
    while (start > done && HEX_DIGIT[bytes[start - 1] ?? 0] !== 255) start--
    while (end < to && HEX_DIGIT[bytes[end] ?? 0] !== 255) end++
    if (end - start >= 2 * MIN_HEX_PAIRS) {
      const isEven = isHexText(bytes, start, end)
      const isOdd = isHexText(bytes, start + 1, end)
      if (isEven || isOdd) return { start, end, isEven, isOdd }
    }
    done = end
    probe = Math.max(probe, end - 1)
  }
  return null
}

/** What base64 characters decode to: hex or base64 at each place where it may begin. */
export function* decodedTexts(bytes: Buffer): Generator<{ bytes: Buffer; encoding: 'base64' | 'base32' | 'hex' }> {
  let isHex = false
  for (let found = nextHex(bytes, 0, bytes.length); found !== null; found = nextHex(bytes, found.end, bytes.length)) {
    const { start, end, isEven, isOdd } = found
    isHex = true
    if (isEven) yield { bytes: Buffer.from(bytes.toString('latin1', start, end), 'hex'), encoding: 'hex' }
    if (isOdd) yield { bytes: Buffer.from(bytes.toString('latin1', start + 1, end), 'hex'), encoding: 'hex' }
  }
  if (isHex) return
  if (mayBeBase32(bytes, 0, bytes.length)) yield { bytes: decodeBase32(bytes), encoding: 'base32' }
  for (const skip of alignments(bytes)) {
    const end = bytes.length - ((bytes.length - skip) % 4 === 1 ? 1 : 0)
    // It ends with two signs at most.
    if (bytes.subarray(skip, end - 2).includes(EQUALS)) continue
    yield { bytes: Buffer.from(bytes.toString('latin1', skip, end), 'base64'), encoding: 'base64' }
  }
}

export function narrow(bytes: Buffer, bigEndian: boolean): Buffer {
  const text = Buffer.alloc(bytes.length >> 1)
  for (let i = 0; i < text.length; i++) text[i] = bytes[2 * i + (bigEndian ? 1 : 0)] ?? 0
  return text
}

/** How text begins of which each character takes four bytes. */
export function wideMark(head: Buffer): 'little' | 'big' | null {
  if (head[0] === 0xff && head[1] === 0xfe && head[2] === 0 && head[3] === 0) return 'little'
  return head[0] === 0 && head[1] === 0 && head[2] === 0xfe && head[3] === 0xff ? 'big' : null
}

/** UTF-32 as one byte a character. */
export function narrowWide(bytes: Buffer, order: 'little' | 'big'): Buffer {
  const text = Buffer.alloc(bytes.length >> 2)
  for (let i = 0; i < text.length; i++) text[i] = bytes[4 * i + (order === 'big' ? 3 : 0)] ?? 0
  return text
}

/** What parts base64 into lines: a break, also written as an escape, quotes, signs that join texts. */
const PARTS = new Set(Buffer.from('\\ \t\n\v\f\r"\'+'))

/** Base64 texts of a window: runs, those that a line break parts joined. The bytes are views of the window where they can be. */
export function base64Texts(
  kernel: Kernel,
  from: number,
  length: number,
): { position: number; length: number; bytes: Buffer }[] {
  const runs: { start: number; end: number }[] = []
  kernel.base64Runs(length, (position, run) => runs.push({ start: position, end: position + run }))
  const texts: { position: number; length: number; bytes: Buffer }[] = []
  const { window } = kernel
  for (let i = 0; i < runs.length; i++) {
    const first = runs[i]
    if (first === undefined) continue
    const continues =
      first.end < length &&
      (window[first.end] === LINE_FEED || window[first.end] === CARRIAGE_RETURN || window[first.end] === BACKSLASH)
    if (
      !continues &&
      window[first.start] !== M &&
      !mayBePacked(window, first.start) &&
      !mayBeBase32(window, first.start, first.end) &&
      nextHex(window, first.start, first.end) === null &&
      !isBase64Text(window, first.start, first.end)
    )
      continue
    let end = first.end
    const pieces = [window.subarray(first.start, end)]
    while (end < length && PARTS.has(window[end] ?? 0)) {
      const rest = /^(?:\\n|\\r|[\s"'+]){1,80}(?=[A-Za-z0-9+/=])/.exec(
        window.toString('latin1', end, Math.min(length, end + MAX_GAP + 1)),
      )
      if (rest === null) break
      const next = runs[i + 1]
      const nextAt = end + rest[0].length
      if (next !== undefined && next.start === nextAt) {
        pieces.push(window.subarray(next.start, next.end))
        end = next.end
        i++
        continue
      }
      // The last line of a block is shorter than a run.
      const tail =
        pieces.length > 1 || first.end - first.start >= 60
          ? /^[A-Za-z0-9+/_-]{1,80}/.exec(window.toString('latin1', nextAt, Math.min(length, nextAt + 80)))?.[0]
          : undefined
      if (tail !== undefined) {
        pieces.push(Buffer.from(tail, 'latin1'))
        end = nextAt + tail.length
      }
      break
    }
    if (end > from)
      texts.push({
        position: first.start,
        length: end - first.start,
        bytes: pieces.length === 1 ? (pieces[0] ?? window.subarray(0, 0)) : Buffer.concat(pieces),
      })
  }
  return texts
}
