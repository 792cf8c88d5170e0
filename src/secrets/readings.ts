// The ways in which a text can be read: as it stands, with its escapes undone, put together over line breaks and quotes,
// decoded from base64, hex and gzip. Each reading knows for each of its characters where it stands in the text, so that what is
// found in a reading can be hidden in the text.
import { constants, inflateRawSync } from 'node:zlib'

/** One way to read a text. */
export interface Reading {
  readonly text: string
  /** Where in the original the character at a position starts. */
  readonly start: (at: number) => number
  /** Where in the original the character at a position ends. */
  readonly end: (at: number) => number
  /** It is decoded: what stands in the original is not the value itself. */
  readonly isEncoded: boolean
}

/** Escapes in escapes: JSON in JSON in a shell word. */
const MAX_LEVELS = 4
/** Encodings in encodings. */
const MAX_DEPTH = 3
/** Bytes that packed texts may unpack to, for one text. */
const MAX_UNPACKED = 8 << 20
/** Shorter text in base64 holds no value that is long enough to be looked for. */
const MIN_ENCODED = 12

const ESCAPE =
  /'\\''|'"'"'|%[0-9A-Fa-f]{2}|\\u\{[0-9A-Fa-f]{1,6}\}|\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}|\\x[0-9A-Fa-f]{2}|\\[0-3][0-7]{2}|\\[nrt]|\\[^A-Za-z0-9\s]|&(?:amp|quot|lt|gt|apos|lowbar|hyphen|#\d{1,6}|#x[0-9A-Fa-f]{1,5});/g
const NAMED: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&quot;': '"',
  '&lt;': '<',
  '&gt;': '>',
  '&apos;': "'",
  '&lowbar;': '_',
  '&hyphen;': '-',
  '\\n': '\n',
  '\\r': '\r',
  '\\t': '\t',
}

/** Escapes that name a character by its number: what begins them, and the base of the number. */
const NUMBERED: readonly (readonly [RegExp, number])[] = [
  [/^(?:%|\\x|\\u\{?|\\U|&#x)(?=[0-9A-Fa-f])/, 16],
  [/^&#(?=\d)/, 10],
  [/^\\(?=[0-3][0-7]{2})/, 8],
]

/** What an escape stands for. */
function meaning(written: string): string {
  const named = NAMED[written]
  if (named !== undefined) return named
  if (written.startsWith("'")) return "'"
  for (const [front, base] of NUMBERED) {
    const start = front.exec(written)?.[0].length
    if (start === undefined) continue
    const code = Number.parseInt(written.slice(start), base)
    return code > 0x10ffff ? written : String.fromCodePoint(code)
  }
  return written.slice(1)
}

/** Replaces what a pattern matches, and keeps where each character comes from. null: nothing matched. */
function replaced(reading: Reading, pattern: RegExp, by: (found: string) => string): Reading | null {
  const { text } = reading
  let result = ''
  let copied = 0
  /** For each replacement: its place in the result, its length there, its place in the text, its length there. */
  const stops: number[] = []
  for (const match of text.matchAll(pattern)) {
    result += text.slice(copied, match.index)
    const character = by(match[0])
    stops.push(result.length, character.length, match.index, match[0].length)
    result += character
    copied = match.index + match[0].length
  }
  if (stops.length === 0) return null
  result += text.slice(copied)
  const positions = new Int32Array(stops)
  /** The place in the text before the one that a character of the result was made of, and behind it. */
  const origin = (at: number, isEnd: boolean): number => {
    let [low, high] = [0, positions.length / 4]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((positions[middle * 4] ?? 0) <= at) low = middle + 1
      else high = middle
    }
    // The last of several that begin here is the one that made a character.
    if (low === 0) return isEnd ? at + 1 : at
    const [place = 0, made = 0, from = 0, length = 0] = positions.subarray((low - 1) * 4, low * 4)
    if (at < place + made) return isEnd ? from + length : from
    return at - place - made + from + length + (isEnd ? 1 : 0)
  }
  return {
    text: result,
    start: (at) => reading.start(origin(at, false)),
    end: (at) => reading.end(origin(at, true) - 1),
    isEncoded: reading.isEncoded,
  }
}

/** What parts the pieces of one value: a line break with what stands around it, joined strings, quotes, spaces. */
const JOINT = /["'`]\s{0,40}(?:[+.&,]\s{0,40})?["'`]|[\s"'`\\]+/g

/** A run in pieces: how it starts, and what goes on. Each step is bounded: an expression that repeats a group for megabytes fills the stack. */
interface Run {
  readonly start: RegExp
  readonly more: RegExp
  readonly last?: RegExp
}

/** Base64 in one piece, or in lines and strings of eight characters and more, of which the last may be shorter. */
const BASE64_RUN: Run = {
  start: /[A-Za-z0-9+/_-]{8,}/g,
  more: /(?:(?:["'`]\s{0,40}(?:[+.&,]\s{0,40})?["'`]|[\s\\]{1,40})[A-Za-z0-9+/_-]{8,}){1,500}/y,
  last: /(?:["'`]\s{0,40}(?:[+.&,]\s{0,40})?["'`]|[\s\\]{1,40})[A-Za-z0-9+/_-]{1,80}(?![A-Za-z0-9+/_-])/y,
}
const HEX_RUN: Run = {
  start: /[0-9A-Fa-f]{2}(?:[\s:,]{0,3}(?:0x)?[0-9A-Fa-f]{2}){7,500}/g,
  more: /(?:[\s:,]{0,3}(?:0x)?[0-9A-Fa-f]{2}){1,500}/y,
}

/** The runs of a text, one behind the other. */
function* runsIn(
  text: string,
  { start, more, last }: Run,
): Generator<{ readonly index: number; readonly end: number }> {
  const ends = (pattern: RegExp, at: number): number => {
    pattern.lastIndex = at
    return pattern.exec(text) === null ? at : pattern.lastIndex
  }
  for (let from = 0; ; ) {
    start.lastIndex = from
    const found = start.exec(text)
    if (found === null) return
    let end = start.lastIndex
    for (let next = ends(more, end); next > end; next = ends(more, end)) end = next
    if (last !== undefined) end = ends(last, end)
    yield { index: found.index, end }
    from = end
  }
}

/** A stretch of a reading, as a reading. */
const part = ({ text, start, end, isEncoded }: Reading, from: number, to: number): Reading => ({
  text: text.slice(from, to),
  start: (at) => start(from + at),
  end: (at) => end(from + at),
  isEncoded,
})

const decoded = (
  of: Reading,
  bytes: Buffer,
  firstOf: (byte: number) => number,
  lastOf: (byte: number) => number,
): Reading => ({
  text: bytes.toString('latin1'),
  start: (at) => of.start(firstOf(at)),
  end: (at) => of.end(Math.min(of.text.length - 1, lastOf(at))),
  isEncoded: true,
})

/** Whether bytes can hold a value: text for a while, or a key's structure. */
const mayHold = (text: string): boolean =>
  /[\x20-\x7e\n\r\t]{8}|(?:[\x20-\x7e]\0){8}/.test(text) || /\x30[\x81-\x83]/.test(text.slice(0, 8))

/** Bytes of a gzip header; null for what is none. RFC 1952, section 2.3 */
function gzipHeader(bytes: Buffer): number | null {
  const flags = bytes[3] ?? 0
  if (bytes.length < 18 || bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8 || flags > 31) return null
  let at = 10
  if (flags & 4) at += 2 + bytes.readUInt16LE(at)
  for (const flag of [8, 16]) if (flags & flag) at = bytes.indexOf(0, at) + 1 || bytes.length
  return at + (flags & 2 ? 2 : 0)
}

const isZlib = (bytes: Buffer): boolean => bytes.length > 8 && bytes[0] === 0x78 && bytes.readUInt16BE(0) % 31 === 0

/** Bytes behind the packed ones: a checksum, for gzip the length too. */
const TRAILERS = { gzip: 8, zlib: 4 }

/**
 * What gzip or zlib packs at the start of bytes that text stands for: where in it something is cannot be said.
 * @param characters that stand for one byte
 */
function* unpacked(of: Reading, bytes: Buffer, budget: { left: number }, characters = 4 / 3): Generator<Reading> {
  const header = isZlib(bytes) ? 2 : gzipHeader(bytes)
  if (header === null || budget.left <= 0) return
  try {
    // Other text may follow.
    const { buffer, engine } = inflateRawSync(bytes.subarray(header), {
      finishFlush: constants.Z_SYNC_FLUSH,
      maxOutputLength: budget.left,
      info: true,
    }) as unknown as {
      buffer: Buffer
      engine: { bytesWritten: number }
    }
    budget.left -= buffer.length
    const last =
      Math.min(
        of.text.length,
        Math.ceil((header + engine.bytesWritten + TRAILERS[isZlib(bytes) ? 'zlib' : 'gzip']) * characters),
      ) - 1
    yield { text: buffer.toString('latin1'), start: () => of.start(0), end: () => of.end(last), isEncoded: true }
  } catch {
    // No such format, or more than is looked into: then it is no text that anyone reads.
  }
}

/** What base64 and hex in a reading stand for, wherever their groups begin. */
function* decodings(reading: Reading, budget: { left: number }): Generator<Reading> {
  for (const { index, end } of runsIn(reading.text, BASE64_RUN)) {
    if (end - index < MIN_ENCODED) continue
    const run = part(reading, index, end)
    const whole = replaced(run, JOINT, () => '') ?? run
    // A name in front (`Basic`, a path) shifts the groups.
    for (const skip of [0, 1, 2, 3]) {
      const bytes = Buffer.from(whole.text.slice(skip), 'base64')
      const first = (byte: number): number => skip + Math.floor((byte * 4) / 3)
      const last = (byte: number): number => skip + Math.ceil(((byte + 1) * 4) / 3) - 1
      if (mayHold(bytes.toString('latin1', 0, bytes.length))) yield decoded(whole, bytes, first, last)
      yield* unpacked(part(whole, skip, whole.text.length), bytes, budget)
    }
    // Packed text whose start is behind others.
    for (const { index: at } of whole.text.matchAll(/H4sI|eJ[wxyz]|eN[opqr]/g))
      if (at > 3)
        yield* unpacked(part(whole, at, whole.text.length), Buffer.from(whole.text.slice(at), 'base64'), budget)
  }
  for (const { index, end } of runsIn(reading.text, HEX_RUN)) {
    const run = part(reading, index, end)
    const whole = replaced(run, /0x|[\s:,]+/g, () => '') ?? run
    for (const skip of [0, 1]) {
      const bytes = Buffer.from(whole.text.slice(skip), 'hex')
      if (mayHold(bytes.toString('latin1')))
        yield decoded(
          whole,
          bytes,
          (byte) => skip + byte * 2,
          (byte) => skip + byte * 2 + 1,
        )
      yield* unpacked(part(whole, skip, whole.text.length), bytes, budget, 2)
    }
  }
}

/** All readings of a text, itself first. */
export function* readingsOf(text: string): Generator<Reading> {
  yield* readings({ text, start: (at) => at, end: (at) => at + 1, isEncoded: false }, 0, { left: MAX_UNPACKED })
}

function* readings(first: Reading, depth: number, budget: { left: number }): Generator<Reading> {
  yield first
  let plain = first
  for (let level = 0; level < MAX_LEVELS; level++) {
    const next = replaced(plain, ESCAPE, meaning)
    if (next === null) break
    plain = next
    yield plain
  }
  // UTF-16 read byte by byte.
  if (plain.text.includes('\0')) {
    plain = replaced(plain, /\0/g, () => '') ?? plain
    yield plain
  }
  const joined = replaced(plain, JOINT, () => '')
  if (joined !== null) yield joined
  if (depth < MAX_DEPTH) for (const inner of decodings(plain, budget)) yield* readings(inner, depth + 1, budget)
}
