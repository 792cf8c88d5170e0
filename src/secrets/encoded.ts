// Text in another form inside a window: UTF-16 made narrow, base64 and hex joined over line breaks, and whether it can be text
// at all. What base64 packs is in packed-text.ts.
import { decodeBase64 } from './checks.ts'
import type { Kernel } from './prefilter/kernel.ts'

/** Groups of three bytes: shorter text holds no credential. */
const MIN_DECODED_QUADS = 7
/** Parts of one base64 text are at most this far apart: a line break and its indentation. */
const MAX_GAP = 80

/** The first of four base64 characters, where the bytes they stand for begin with printable text, a tab or a line break. */
const STARTS_TEXT = Uint8Array.from({ length: 256 }, (_, c) => (/[C-Za-f]/.test(String.fromCharCode(c)) && !/[EFGH]/.test(String.fromCharCode(c)) ? 1 : 0))

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

/** Whether a run may be the base64 of text, wherever its groups begin. */
const isBase64Text = (bytes: Buffer, from: number, to: number): boolean =>
  mayBeText(bytes, from, to) || mayBeText(bytes, from + 1, to) || mayBeText(bytes, from + 2, to) || mayBeText(bytes, from + 3, to)

/**
 * Where the groups of four may begin in base64 text whose first characters may not belong to it. None for a hash, a path
 * or a symbol name, which decode to no text, nor to the structure that a DER key begins with.
 */
function alignments(bytes: Buffer): number[] {
  const found = [0, 1, 2, 3].filter((skip) => mayBeText(bytes, skip, bytes.length))
  return /^M[ICH]/.test(bytes.toString('latin1', 0, 2)) && !found.includes(0) ? [0, ...found] : found
}

/** Pairs of hex digits in a row that stand for text: a hash of twenty bytes has them once in a million. */
const MIN_HEX_PAIRS = 16
/** The value of a hex digit by its character; 255 for any other. */
const HEX_DIGIT = Uint8Array.from({ length: 256 }, (_, c) => (/[0-9A-Fa-f]/.test(String.fromCharCode(c)) ? Number.parseInt(String.fromCharCode(c), 16) : 255))

const isTextByte = (byte: number): boolean => (byte >= 32 && byte < 127) || byte === 9 || byte === 10 || byte === 13

/** Where the hex digits begin that a run starts with: behind `0x`. */
const hexStart = (bytes: Buffer, from: number): number => (bytes[from] === 48 && ((bytes[from + 1] ?? 0) | 32) === 120 ? from + 2 : from)

/**
 * Whether the hex digits that a run starts with hold text.
 * @returns where, at each of their two alignments
 */
function hexAlignments(bytes: Buffer, from: number, to: number): number[] {
  const start = hexStart(bytes, from)
  // Most runs have another character early: no second look at what stands in front of it.
  let end = start
  while (end < to && HEX_DIGIT[bytes[end] ?? 0] !== 255) end++
  return [start, start + 1].filter((first) => {
    let run = 0
    for (let i = first; i + 1 < end; i += 2) {
      run = isTextByte((HEX_DIGIT[bytes[i] ?? 0] ?? 0) * 16 + (HEX_DIGIT[bytes[i + 1] ?? 0] ?? 0)) ? run + 1 : 0
      if (run === MIN_HEX_PAIRS) return true
    }
    return false
  })
}

/** Whether a run may be the hex of text. */
const isHexText = (bytes: Buffer, from: number, to: number): boolean => to - from >= 2 * MIN_HEX_PAIRS && hexAlignments(bytes, from, to).length > 0

/** What a text of base64 characters decodes to: hex or base64 at each place where it may begin. */
export function* decodedTexts(text: string): Generator<{ bytes: Buffer; encoding: 'base64' | 'hex' }> {
  const bytes = Buffer.from(text, 'latin1')
  const hex = bytes.length < 2 * MIN_HEX_PAIRS ? [] : hexAlignments(bytes, 0, bytes.length)
  if (hex.length > 0) {
    for (const start of hex) yield { bytes: Buffer.from(/^[0-9A-Fa-f]*/.exec(text.slice(start))?.[0] ?? '', 'hex'), encoding: 'hex' }
    return
  }
  for (const skip of alignments(bytes)) {
    const decoded = decodeBase64(text.slice(skip, text.length - ((text.length - skip) % 4 === 1 ? 1 : 0)))
    if (decoded === null) continue
    yield { bytes: decoded, encoding: 'base64' }
  }
}

export function narrow(bytes: Buffer, bigEndian: boolean): Buffer {
  const text = Buffer.alloc(bytes.length >> 1)
  for (let i = 0; i < text.length; i++) text[i] = bytes[2 * i + (bigEndian ? 1 : 0)] ?? 0
  return text
}

/** Base64 texts of a window: runs, those that a line break parts joined. */
export function base64Texts(kernel: Kernel, from: number, length: number): { position: number; length: number; text: string }[] {
  const runs: { start: number; end: number }[] = []
  kernel.base64Runs(length, (position, run) => runs.push({ start: position, end: position + run }))
  const texts: { position: number; length: number; text: string }[] = []
  const { window } = kernel
  for (let i = 0; i < runs.length; i++) {
    const first = runs[i]
    if (first === undefined) continue
    const continues = first.end < length && (window[first.end] === 10 || window[first.end] === 13 || window[first.end] === 92)
    if (!continues && window[first.start] !== 77 && !isHexText(window, first.start, first.end) && !isBase64Text(window, first.start, first.end)) continue
    let end = first.end
    let text = window.toString('latin1', first.start, end)
    let joined = false
    for (;;) {
      const rest = /^(?:\\n|\\r|[\s"'+]){1,80}(?=[A-Za-z0-9+/=])/.exec(window.toString('latin1', end, Math.min(length, end + MAX_GAP + 1)))
      if (rest === null) break
      const next = runs[i + 1]
      const nextAt = end + rest[0].length
      if (next !== undefined && next.start === nextAt) {
        text += window.toString('latin1', next.start, next.end)
        end = next.end
        i++
        joined = true
        continue
      }
      // The last line of a block is shorter than a run.
      const tail = joined || first.end - first.start >= 60 ? /^[A-Za-z0-9+/_-]{1,80}/.exec(window.toString('latin1', nextAt, Math.min(length, nextAt + 80)))?.[0] : undefined
      if (tail !== undefined) {
        text += tail
        end = nextAt + tail.length
      }
      break
    }
    if (end > from) texts.push({ position: first.start, length: end - first.start, text })
  }
  return texts
}
