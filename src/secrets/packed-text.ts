// gzip in base64: a Helm release, a file in a ConfigMap, an asset in a script. Found by how its first bytes look at each of the three
// places in a group of four characters; read over line breaks, quotes and escapes, to the end that the packed bytes have themselves.

import { constants, inflateRawSync, inflateSync, type ZlibOptions } from 'node:zlib'
import { codeOf } from '../error.ts'
import { HEAD, packingOf } from '../packing/signs.ts'
import { decodeBase64 } from './checks.ts'

/** How `1f 8b 08` looks in base64, with the characters and the bytes in front of it that belong to its group. */
export const PACKED_SIGNS: readonly { readonly text: string; readonly characters: number; readonly bytes: number }[] = [
  { text: 'H4sI', characters: 0, bytes: 0 },
  { text: '+LCA', characters: 2, bytes: 1 },
  { text: '-LCA', characters: 2, bytes: 1 },
  { text: 'fiwg', characters: 3, bytes: 2 },
]

/** Characters that are decoded at first; four times as many where they do not do. */
const TRIED = 512
/** Starts in one text that are tried: more are no packed texts, and are said to be left out. */
const MAX_TRIES = 2000
const RUN = /[A-Za-z0-9+/_-]+/y
/** A slash or a plus that JSON or a URL escapes. */
const ESCAPED = /\\(?:\/|u002[bBfF])|%2[bBfF]/y
const SIGN = new RegExp(PACKED_SIGNS.map(({ text }) => text.replace('+', '\\+')).join('|'), 'g')
/** What stands between two pieces: line breaks as they are or escaped, indentation, quotes with what joins them, signs of comments. */
const GAP = /(?:\\{1,4}(?:[rnt]|\r?\n)|[\s"'`,#>|*]|(?<=["'`\s])[+.&](?=["'`\s])){1,120}(?=[A-Za-z0-9+/])/y

/** Bytes of a gzip header; null where it is none, or breaks off. RFC 1952 */
function headerLength(bytes: Buffer): number | null {
  const flags = bytes[3] ?? 0xff
  if (bytes.length < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8 || (flags & 0xe0) !== 0) return null
  let at = 10
  if ((flags & 4) !== 0) at += 2 + bytes.readUInt16LE(at)
  for (const flag of [8, 16]) {
    if ((flags & flag) === 0) continue
    const end = bytes.indexOf(0, at)
    if (end === -1) return null
    at = end + 1
  }
  if ((flags & 2) !== 0) at += 2
  return at < bytes.length ? at : null
}

interface Unpacked {
  readonly header: Buffer
  readonly text: Buffer
  /** Packed bytes that were read, with the checksum behind them. */
  readonly length: number
}

/** Unpacks one gzip, as much as there is. @returns null for what is none, `too much` where it is more than `most` bytes */
function unpack(bytes: Buffer, most: number): Unpacked | 'too much' | null {
  const header = headerLength(bytes)
  if (header === null) return null
  try {
    const options: ZlibOptions = { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: most, info: true }
    const { buffer, engine } = inflateRawSync(bytes.subarray(header), options) as unknown as {
      buffer: Buffer
      engine: { bytesWritten: number }
    }
    return { header: bytes.subarray(0, header), text: buffer, length: header + engine.bytesWritten + 8 }
  } catch (error) {
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? 'too much' : null
  }
}

/** The base64 that starts at a place of a text, its pieces joined, with the place where it ends. */
function gather(text: string, start: number): { joined: string; end: number } {
  const parts: string[] = []
  let at = start
  for (;;) {
    RUN.lastIndex = at
    const run = RUN.exec(text)
    if (run !== null) {
      parts.push(run[0])
      at += run[0].length
    }
    ESCAPED.lastIndex = at
    const escaped = ESCAPED.exec(text)?.[0]
    if (escaped !== undefined) {
      parts.push(/[bB]$/.test(escaped) ? '+' : '/')
      at += escaped.length
      continue
    }
    GAP.lastIndex = at
    const gap = GAP.exec(text)
    if (gap === null) return { joined: parts.join(''), end: at }
    at += gap[0].length
  }
}

/** What the packed texts of one content may still unpack to. */
export interface PackedBudget {
  /** Bytes; negative where they did not do. */
  left: number
  /** A text was longer than the window in which it is read, or there were too many archives. */
  isCut: boolean
  /** Archives in base64 or hex, for whoever opens archives. */
  archives: Buffer[]
  /** Bytes of further archives that may wait. */
  archiveBytes: number
}

/** Bytes that packed texts of one content may unpack to. */
const MAX_UNPACKED = 64 << 20
/** Bytes of archives of one content that wait to be opened. */
const MAX_ARCHIVES = 16 << 20

/** What one content may start with. */
export const packedBudget = (): PackedBudget => ({
  left: MAX_UNPACKED,
  isCut: false,
  archives: [],
  archiveBytes: MAX_ARCHIVES,
})

export interface PackedText {
  readonly position: number
  readonly length: number
  readonly text: Buffer
}

/**
 * What base64 packs in a window.
 * @param places where signs stand in the window, in order
 * @param isLast whether the content ends with the window; what runs into its end else is cut
 */
export function packedTexts(
  window: Buffer,
  length: number,
  places: readonly number[],
  budget: PackedBudget,
  isLast: boolean,
): readonly PackedText[] {
  return places.length === 0 ? NO_TEXTS : [...textsAt(window, length, places, budget, isLast)]
}

const NO_TEXTS: readonly PackedText[] = []

function* textsAt(
  window: Buffer,
  length: number,
  places: readonly number[],
  budget: PackedBudget,
  isLast: boolean,
): Generator<PackedText> {
  let done = 0
  let all: string | null = null
  for (const place of places) {
    if (place < done) continue
    all ??= window.toString('latin1', 0, length)
    let start = place
    while (start > Math.max(done, place - 3) && /[A-Za-z0-9+/_-]/.test(all[start - 1] ?? '')) start--
    const { joined, end } = gather(all, start)
    for (const { header, text, isWhole } of unpacked(joined, budget)) {
      // The header's name and comment are text too.
      if (header.length > 10) yield { position: place, length: end - place, text: header }
      yield { position: place, length: end - place, text }
      if (!isWhole && end === length && !isLast) budget.isCut = true
    }
    done = end
  }
}

/** Everything that the signs of one base64 text lead to. */
function* unpacked(joined: string, budget: PackedBudget): Generator<Unpacked & { readonly isWhole: boolean }> {
  let [tries, done] = [0, 0]
  for (const { 0: text, index } of joined.matchAll(SIGN)) {
    const { characters, bytes: skipped } = PACKED_SIGNS.find((sign) => sign.text === text) ?? {
      characters: 0,
      bytes: 0,
    }
    const start = index - characters
    if (start < done) continue
    if (++tries > MAX_TRIES) {
      budget.isCut = true
      return
    }
    for (let end = start + TRIED; ; end = start + (end - start) * 4) {
      if (budget.left <= 0) {
        budget.left = -1
        return
      }
      const bytes = (decodeBase64(joined.slice(start, end)) ?? Buffer.alloc(0)).subarray(skipped)
      const found = unpack(bytes, budget.left)
      if (found === 'too much') budget.left = -1
      if (found === 'too much' || found === null) break
      const isWhole = found.length <= bytes.length
      if (!isWhole && end < joined.length) continue
      budget.left -= found.text.length
      yield { ...found, isWhole }
      // The next may begin within the same group of four.
      done = start + 4 * Math.floor((Math.min(found.length, bytes.length) + skipped) / 3)
      break
    }
  }
}

/**
 * Unpacks bytes that stood in base64 or hex; what takes an archive reader waits for one.
 * @returns null for what is not packed, or not unpacked here
 */
export function unpackDecoded(bytes: Buffer, budget: PackedBudget): Buffer | null {
  const told = packingOf(bytes.subarray(0, HEAD), '')
  if (told === null) return null
  if (told !== 'gzip' && told !== 'zlib') {
    if (bytes.length > budget.archiveBytes) budget.isCut = true
    else {
      budget.archiveBytes -= bytes.length
      budget.archives.push(bytes)
    }
    return null
  }
  if (budget.left <= 0) {
    budget.left = -1
    return null
  }
  const found = told === 'gzip' ? unpack(bytes, budget.left) : inflate(bytes, budget.left)
  if (found === null) return null
  if (found === 'too much') {
    budget.left = -1
    return null
  }
  const text = Buffer.isBuffer(found) ? found : found.text
  budget.left -= text.length
  return text
}

function inflate(bytes: Buffer, most: number): Buffer | 'too much' | null {
  try {
    return inflateSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: most })
  } catch (error) {
    return codeOf(error) === 'ERR_BUFFER_TOO_LARGE' ? 'too much' : null
  }
}
