// The scan of one content, window by window.
//
// A candidate in the last OVERLAP bytes of a part that goes on is left to the next window, which starts that much
// earlier, so that a match is found once wherever the chunks end. Text in another form is decoded and searched again.
// Nothing here grows with the length of the content but the matches that are kept (kept.ts).

import { isZlibHeader, type Sign } from '../packing/signs.ts'
import type { Catalogue } from './catalogue.ts'
import type { Checked, Detector, FileDetector, SecretKind } from './detector.ts'
import { base64Texts, decodedTexts, narrow, narrowWide, wideMark } from './encoded.ts'
import { goesOn, standsAlone, type Unescaped, unescapeText, unquotePrintable } from './escapes.ts'
import type { FileIndex } from './file-index.ts'
import { Kept, type MatchBudget } from './kept.ts'
import { escapesLetter, stretchesAround } from './letter-escapes.ts'
import type { Candidate, Encoding, SecretMatch } from './match.ts'
import type { NameIndex } from './name-index.ts'
import { type PackedBudget, packedTexts, unpackDecoded } from './packed-text.ts'
import type { Kernel } from './prefilter/search.ts'
import { UnescapedWindow } from './unescaped-window.ts'

/** Bytes of content that one window takes besides what it carries over. */
const PART = 1 << 20
/** The longest match: what a window leaves to the next. */
const OVERLAP = 16_384
/** Bytes of a content that goes on which wait for the next window, at most. */
export const LAG = OVERLAP
/** What a pattern may look back at. */
const LOOK_BEHIND = 96
/** What a window starts with of the last one, at most. */
const CARRY = OVERLAP + LOOK_BEHIND
/** Bytes that a kernel's window must hold. */
export const WINDOW = CARRY + PART
const DEFAULT_WINDOW = 256
/** Decoded text is searched for encoded text again, this often: a Helm release is gzip in base64 in base64, and holds more. */
const MAX_DEPTH = 3
/** Bytes from the start of a file that a detector of files reads; what lies behind them is listed. */
const MAX_FILE = 8 << 20
/** Characters that are put together again where a value is written in pieces. */
const MAX_PIECES = 2048
/** Values of a file that are put in order at once. */
const MAX_BATCH = 2000
/** Bytes of the window that become text at once. */
const MIN_BLOCK = 2048
/** Characters of a scheme, and of what it stands behind. */
const MAX_SCHEME = 40
/** `://` in escaped text. */
const ESCAPED_SLASHES = /^(?::\\{1,2}\/\\{1,2}\/|%3A%2F%2F|\\:\/\/|:\\u002F\\u002F)/i
const MAX_SLASHES = 16
const TOKEN_RUN = /[A-Za-z0-9_.+/=~-]*/y
/** Values of decoded texts that are remembered, so that each is told once. */
const MAX_SEEN = 100_000

/** Signs of archives of one window that wait for whoever opens archives: it gives up long before it tried so many. */
const MAX_PENDING_SIGNS = 5000

/** What kind of program a text tells. */
export type Mark = 'busybox' | 'bash' | null

/** What all scans of one scanner share. */
export interface Compiled {
  readonly catalogue: Catalogue
  readonly kernel: Kernel
  /** Detectors by number of the literal. */
  readonly owners: readonly (readonly Detector[])[]
  /** By number of the literal: it is a sign or a trigger, one of those below. */
  readonly isSign: readonly boolean[]
  readonly marks: readonly Mark[]
  /** By number of the literal: gzip in base64 may start with it. */
  readonly packed: readonly boolean[]
  /** By number of the literal: it is `://` in escaped text, or another that holds escapes; null for what is written as it is. */
  readonly escaped: readonly ('scheme' | 'literal' | null)[]
  /** By number of the literal: a letter may be escaped where it stands. */
  readonly letterEscapes: readonly boolean[]
  /** The literal behind which text is quoted-printable. */
  readonly printable: number
  /** By number of the literal: a name in front of it may tell whose the value is. */
  readonly triggers: readonly boolean[]
  readonly names: NameIndex
  readonly files: FileIndex
  /** By number of the literal: packed content may start with it, or some bytes in front of it. */
  readonly signs: readonly ({ readonly packing: Sign; readonly before: number } | null)[]
}

/** A sign of packed content, and where in the content that begins. */
export interface SignAt {
  readonly sign: Sign
  readonly at: number
}

/** A sign of a compromise in a content: plain data. */
export interface Indicator {
  /** The id of the sign. */
  readonly detector: string
  /** Bytes from the start of the content. */
  readonly offset: number
  /** Line from 1; null for content that is no text, or text that was decoded. */
  readonly line: number | null
}

const NO_INDICATORS: readonly Indicator[] = []
const NO_SIGNS: readonly SignAt[] = []
const NO_ARCHIVES: readonly Buffer[] = []
const NO_MATCHES: readonly SecretMatch[] = []
const NOTHING_DROPPED: ReadonlyMap<SecretKind, number> = new Map()
const NOTHING: Buffer = Buffer.alloc(0)

/** Text that stood in a window in another form, and where. */
interface Decoded {
  readonly text: Buffer
  readonly position: number
  readonly length: number
  readonly encoding: Encoding
}

/** How much of a content is kept. */
export interface Bounds {
  readonly matches: MatchBudget
  /** Whether matches that prove nothing are limited for each detector. */
  readonly isCapped: boolean
}

/** The scan of one content, fed in chunks. */
export class ContentScan {
  /** What kind of program the content says it is. */
  program: 'busybox' | 'bash' | null = null
  readonly #compiled: Compiled
  readonly #kernel: Kernel
  readonly #path: string
  readonly #depth: number
  /** Bytes that packed texts may still unpack to; shared with the scans of decoded texts. */
  readonly #budget: PackedBudget
  readonly #files: readonly FileDetector[]
  /** The start of the content, for the detectors of files. */
  readonly #head: Buffer[] = []
  #length = 0
  #carry = NOTHING
  /** Position in the content of the window's first byte. */
  #base = 0
  /** Position in the content up to which candidates are dealt with. */
  #done = 0
  /** Line feeds before the window's first byte. */
  #linesBefore = 0
  /** A place in the window, and the line feeds before it there. */
  #counted = { at: 0, lines: 0 }
  #isText = true
  /** A part of a mail before said that it is quoted-printable. */
  #isQuoted = false
  /** Order of the bytes where each character takes four. */
  #wide: 'little' | 'big' | null = null
  #signs: SignAt[] = []
  /** There were more signs of archives than are kept. */
  leftSigns = false
  readonly #bounds: Bounds
  /** What was found; null as long as nothing was: most contents hold nothing, and there are many. */
  #kept: Kept | null = null
  /** Text of the window from `#blockAt` on. */
  #block = ''
  #blockAt = 0
  /** The last characters of tokens that were walked, by their places in the window. */
  #run = { from: 0, to: 0 }
  /** Where in the window the last match of a detector stands. Hits come nearly in order: one may begin in front of the last. */
  #tried: Map<Detector, { readonly from: number; readonly to: number }> | null = null
  #seen: Set<string> | null = null
  #indicators: Map<string, Indicator> | null = null
  #unescaped: UnescapedWindow | null = null
  #joined: UnescapedWindow | null = null

  constructor(compiled: Compiled, path: string, depth: number, budget: PackedBudget, bounds: Bounds) {
    this.#compiled = compiled
    this.#kernel = compiled.kernel
    this.#path = path
    this.#depth = depth
    this.#budget = budget
    this.#bounds = bounds
    this.#files = depth === 0 ? compiled.files.of(path) : []
  }

  /** Position up to which signs are known: at most LAG bytes behind what was pushed. */
  get searched(): number {
    return this.#done
  }

  /** Signs of packed content that were found since the last call, in order. */
  takeSigns(): readonly SignAt[] {
    if (this.#signs.length === 0) return NO_SIGNS
    const signs = this.#signs.sort((a, b) => a.at - b.at)
    this.#signs = []
    return signs
  }

  /** Archives in base64 or hex that were found since the last call. */
  takeArchives(): readonly Buffer[] {
    if (this.#budget.archives.length === 0) return NO_ARCHIVES
    const { archives } = this.#budget
    this.#budget.archives = []
    return archives
  }

  /** What was found, in order of position; complete after the last chunk. */
  get matches(): readonly SecretMatch[] {
    return this.#kept?.matches ?? NO_MATCHES
  }

  /** Signs of a compromise, each once. */
  get indicators(): readonly Indicator[] {
    return this.#indicators === null ? NO_INDICATORS : [...this.#indicators.values()]
  }

  /** Matches that prove nothing and were not kept, by detector. */
  get dropped(): ReadonlyMap<SecretKind, number> {
    return this.#kept?.dropped ?? NOTHING_DROPPED
  }

  #keep(): Kept {
    this.#kept ??= new Kept(this.#bounds.matches, this.#bounds.isCapped)
    return this.#kept
  }

  /** The file is longer than what is read of a file that its name tells. */
  get isLong(): boolean {
    return this.#length > MAX_FILE
  }

  /** Packed text was read in part: it is longer than the window. */
  get isCut(): boolean {
    return this.#budget.isCut
  }

  /** Packed text was left out: it would have unpacked to more than the limit. */
  get overBudget(): boolean {
    return this.#budget.left < 0
  }

  /** Takes the next bytes. @param last no more follow */
  push(chunk: Buffer, last: boolean): void {
    // There is no verdict any more.
    if (this.#bounds.matches.exceeded) {
      this.#done += chunk.length
      return
    }
    if (this.#files.length > 0) {
      // Chunks are views of buffers that are used again.
      if (this.#length < MAX_FILE) this.#head.push(Buffer.from(chunk.subarray(0, MAX_FILE - this.#length)))
      this.#length += chunk.length
    }
    if (chunk.length <= PART) {
      this.#window(chunk, last)
      return
    }
    for (let at = 0; at < chunk.length; at += PART)
      this.#window(chunk.subarray(at, at + PART), last && at + PART >= chunk.length)
  }

  #window(part: Buffer, last: boolean): void {
    const { window } = this.#kernel
    if (this.#base === 0 && this.#carry.length === 0) {
      this.#isText = part.subarray(0, 4096).indexOf(0) === -1
      if (!this.#isText) this.#wide = wideMark(part)
    }
    this.#carry.copy(window, 0)
    part.copy(window, this.#carry.length)
    const length = this.#carry.length + part.length
    const from = this.#done - this.#base
    const to = last ? length : Math.max(from, length - OVERLAP)
    // All of this is taken before anything is decoded: decoding uses the same window.
    const carry = last ? this.#carry : Buffer.from(window.subarray(Math.max(0, to - LOOK_BEHIND), length))
    const shift = last ? 0 : Math.max(0, to - LOOK_BEHIND)
    const lines = shift === 0 ? 0 : this.#kernel.lines(0, shift)
    this.#tried?.clear()
    this.#block = ''
    this.#unescaped?.clear()
    this.#joined?.clear()
    this.#run = { from: 0, to: 0 }
    this.#counted = { at: 0, lines: 0 }
    if (to > from) this.#search(from, to, part, last)
    this.#carry = carry
    this.#base += shift
    this.#linesBefore += lines
    this.#done = this.#base + (to - shift)
    if (last && this.#files.length > 0) this.#readFile()
    this.#kept?.settle(last ? Number.POSITIVE_INFINITY : this.#done)
  }

  /** Searches the window, which holds what was carried over and a part. */
  #search(from: number, to: number, part: Buffer, last: boolean): void {
    const kernel = this.#kernel
    const length = this.#carry.length + part.length
    const { owners, isSign, marks, escaped, packed, letterEscapes, printable, triggers, names, signs } = this.#compiled
    const places: number[] = []
    const escapedLetters: number[] = []
    let quotedFrom = this.#isQuoted ? 0 : length
    const decoded: Decoded[] = []
    kernel.scan(from, length, (position, literal, valueStart, valueLength) => {
      if (position < from || position >= to) return
      for (const detector of owners[literal] ?? []) this.#try(detector, position, length, escaped[literal] ?? null)
      if (!isSign[literal]) return
      const sign = signs[literal] ?? null
      if (sign !== null && this.#depth === 0 && this.#isLikely(sign.packing, position - sign.before)) {
        if (this.#signs.length < MAX_PENDING_SIGNS)
          this.#signs.push({ sign: sign.packing, at: this.#base + position - sign.before })
        else this.leftSigns = true
      }
      if (packed[literal] === true) places.push(position)
      if (literal === printable) quotedFrom = Math.min(quotedFrom, position)
      if (letterEscapes[literal] === true && escapesLetter(kernel.window, position)) escapedLetters.push(position)
      const mark = marks[literal] ?? null
      if (mark !== null) this.program ??= mark
      if (triggers[literal] === true)
        names.find(kernel.window, position, valueStart, valueLength, (detector, at) =>
          this.#try(detector, at, length, null),
        )
    })
    if (this.#depth >= MAX_DEPTH) return
    kernel.utf16Runs(length, (position, run, bigEndian) => {
      if (position + run <= from) return
      decoded.push({
        text: narrow(kernel.window.subarray(position, position + run), bigEndian),
        position,
        length: run,
        encoding: 'utf-16',
      })
    })
    for (const { position, length: run, bytes: characters } of base64Texts(kernel, from, length)) {
      for (const { bytes, encoding } of decodedTexts(characters)) {
        const unpacked = unpackDecoded(bytes, this.#budget)
        decoded.push(
          unpacked === null
            ? { text: bytes, position, length: run, encoding }
            : { text: unpacked, position, length: run, encoding: 'gzip' },
        )
      }
    }
    for (const text of packedTexts(kernel.window, length, places, this.#budget, last))
      decoded.push({ ...text, encoding: 'gzip' })
    if (this.#wide !== null) decoded.push(this.#narrowed(this.#wide, length))
    const unescaped = stretchesAround(escapedLetters, length).map(({ from: start, to: end }) => ({
      start,
      text: unescapeText(kernel.window.toString('latin1', start, end), false),
    }))
    this.#isQuoted = quotedFrom < length
    if (this.#isQuoted)
      unescaped.push({
        start: quotedFrom,
        text: unquotePrintable(kernel.window.toString('latin1', quotedFrom, length)),
      })
    if (decoded.length > 0) this.#searchDecoded(decoded)
    if (unescaped.length > 0) this.#searchUnescaped(unescaped, part)
  }

  /** Searches texts that were decoded; the window is another one afterwards. */
  #searchDecoded(decoded: readonly Decoded[]): void {
    const lineAt = decoded.map(({ position }) => this.#lineAt(position))
    decoded.forEach(({ text, position, length, encoding }, index) => {
      for (const match of this.#matchesIn(text))
        this.#addDecoded(match, position, length, encoding, lineAt[index] ?? null)
    })
  }

  /** Searches stretches with their escapes undone. */
  #searchUnescaped(unescaped: readonly { readonly start: number; readonly text: Unescaped }[], part: Buffer): void {
    const found = unescaped
      .map(({ start, text }) => ({ start, text, matches: this.#matchesIn(Buffer.from(text.text, 'latin1')) }))
      .filter(({ matches }) => matches.length > 0)
    if (found.length === 0) return
    // The window held what was decoded.
    this.#carry.copy(this.#kernel.window)
    part.copy(this.#kernel.window, this.#carry.length)
    for (const { start, text, matches } of found) for (const match of matches) this.#addUnescaped(match, text, start)
  }

  /** The window's text where each character takes four bytes. */
  #narrowed(order: 'little' | 'big', length: number): Decoded {
    const position = (4 - (this.#base % 4)) % 4
    return {
      text: narrowWide(this.#kernel.window.subarray(position, length), order),
      position,
      length: length - position,
      encoding: 'utf-32',
    }
  }

  /** Whether what a sign announces may stand at a place of the window: signs that are words stand in much text. */
  #isLikely(sign: Sign, at: number): boolean {
    const { window } = this.#kernel
    return sign === 'pdf-stream'
      ? isZlibHeader(window[at] ?? 0, window[at + 1] ?? 0)
      : sign !== 'png-text' || !this.#isText
  }

  #addIndicator(detector: string, offset: number, line: number | null): void {
    this.#indicators ??= new Map()
    // One place tells; a line tells more than none.
    const known = this.#indicators.get(detector)
    if (known === undefined || (known.line === null && line !== null))
      this.#indicators.set(detector, { detector, offset, line })
  }

  /** Searches text that was decoded; the window is another one afterwards. */
  #matchesIn(text: Buffer): readonly SecretMatch[] {
    const inner = new ContentScan(this.#compiled, this.#path, this.#depth + 1, this.#budget, {
      ...this.#bounds,
      matches: this.#bounds.matches.inside(),
    })
    inner.push(text, true)
    if (inner.dropped.size > 0) this.#keep().leaveOut(inner.dropped)
    // Where in the content it stands, is where the text that was decoded begins: nobody looks closer.
    for (const { detector } of inner.indicators) this.#addIndicator(detector, this.#base, null)
    return inner.matches
  }

  /** Takes what was found where escapes are undone; what is written plainly there was found before, and is one with this. */
  #addUnescaped(match: SecretMatch, text: Unescaped, start: number): void {
    const detector = this.#compiled.catalogue.kindOf(match.detector)
    const from = start + text.original(match.offset)
    const to = start + text.original(match.offset + match.length)
    const offset = this.#base + from
    const companion = match.companion ?? this.#kernel.window.toString('latin1', from, to)
    this.#keep().add({
      ...match,
      detector,
      offset,
      length: to - from,
      end: offset + to - from,
      line: this.#lineAt(from),
      companion,
    })
  }

  #lineAt(position: number): number | null {
    if (!this.#isText) return null
    const { at, lines } = this.#counted
    // Matches come nearly in order: only what lies between two of them is counted.
    this.#counted = {
      at: position,
      lines: position >= at ? lines + this.#kernel.lines(at, position) : lines - this.#kernel.lines(position, at),
    }
    return this.#linesBefore + this.#counted.lines + 1
  }

  #addDecoded(match: SecretMatch, position: number, run: number, encoding: Encoding, line: number | null): void {
    const detector = this.#compiled.catalogue.kindOf(match.detector)
    const key = `${detector.id}\0${match.identity}`
    const offset = this.#base + position
    this.#seen ??= new Set()
    if (this.#seen.has(key)) return
    if (this.#seen.size < MAX_SEEN) this.#seen.add(key)
    // Decoded text that is no secret of its own (the words of a base64 run) proves little: only what is not generic counts.
    if (detector.generic && encoding === 'base64') return
    const within =
      encoding === 'utf-32'
        ? match.offset * 4
        : encoding === 'utf-16' || encoding === 'hex'
          ? match.offset * 2
          : encoding === 'gzip'
            ? 0
            : Math.floor((match.offset * 4) / 3)
    const start = offset + Math.min(within, run)
    this.#keep().add({
      ...match,
      detector,
      offset: start,
      length: offset + run - start,
      end: offset + run,
      line,
      encoding,
    })
  }

  /** Tries one detector where its literal stands; where the text is escaped or in pieces, once more on what it stands for. */
  #try(detector: Detector, position: number, end: number, escaped: 'scheme' | 'literal' | null): void {
    if (escaped === 'literal') {
      this.#tryUnescaped(detector, position, end)
      return
    }
    const start = Math.max(0, position - LOOK_BEHIND)
    const window = detector.window ?? DEFAULT_WINDOW
    const at = position - start
    if (detector.notAfter?.includes(this.#kernel.window[position - 1] ?? 0) === true) return
    const text = this.#slice(start, Math.min(end, position + window), end)
    if (escaped === 'scheme') {
      // In front of `:\/\/` stands a scheme, and a login ends with `@`: before the next of these, which holds a slash.
      const slashes = ESCAPED_SLASHES.exec(text.slice(at, at + MAX_SLASHES))?.[0] ?? '://'
      const next = text.indexOf(slashes, at + 1)
      const login = text.slice(at, next === -1 ? undefined : next)
      if (!/[a-z0-9]/i.test(text[at - 1] ?? '') || !/@|%40|\\u0040/.test(login)) return
      const front = Math.max(0, at - MAX_SCHEME)
      const before = unescapeText(text.slice(front, at), false)
      const after = unescapeText(login, false)
      const size = before.text.length
      const place = (index: number): number =>
        start + (index < size ? front + before.original(index) : at + after.original(index - size))
      this.#match(detector, before.text + after.text, size, place, start)
      return
    }
    if (this.#mustStandAlone(detector)) {
      // No token starts inside another of its kind: text that is full of starts costs no more than other text.
      const last = this.#tried?.get(detector)
      if (last !== undefined && position >= last.from && position < last.to) return
      if (!standsAlone(text, at, null, this.#isText)) return
    }
    const found = this.#match(detector, text, at, null, start)
    if (found === 'strong') return
    if (found === 'none' && detector.alone === true && this.#tryPieces(detector, position, end, text, at)) return
    // A URL's own `%40` is read by its detector.
    if (detector.generic === true || (text.startsWith('://', at) && !/^[^\s"'<>]*?[\\&]/.test(text.slice(at)))) return
    this.#tryUnescaped(detector, position, end)
  }

  /** Whether a detector has nothing to try where its literal does not stand alone. */
  #mustStandAlone({ alone, glued, looksBack }: Detector): boolean {
    return alone === true && glued === undefined && looksBack !== true
  }

  /** Tries a detector on text whose escapes are undone. */
  #tryUnescaped(detector: Detector, position: number, end: number): void {
    this.#unescaped ??= new UnescapedWindow(false)
    const around = this.#unescaped.around(
      (from, to) => this.#slice(from, to, end),
      position,
      LOOK_BEHIND,
      detector.window ?? DEFAULT_WINDOW,
      end,
    )
    if (around === null) return
    if (detector.notAfter?.includes(around.text.charCodeAt(around.at - 1)) === true) return
    // An escaped letter in front is a letter.
    if (this.#mustStandAlone(detector) && !standsAlone(around.text, around.at, null, this.#isText)) return
    this.#match(detector, around.text, around.at, around.raw, 0)
  }

  /** Tries a token that goes on in another piece. @returns whether it matched */
  #tryPieces(detector: Detector, position: number, end: number, text: string, at: number): boolean {
    const start = position - at
    const window = detector.window ?? DEFAULT_WINDOW
    const run = this.#runEnd(text, at, start)
    // The `=` at the end of a line of quoted-printable may be one of a token too.
    if (!goesOn(text, run) && !(text[run - 1] === '=' && goesOn(text, run - 1))) return false
    this.#joined ??= new UnescapedWindow(true)
    const whole = this.#joined.around(
      (from, to) => this.#slice(from, to, end),
      position,
      0,
      Math.min(MAX_PIECES, window * 2),
      end,
    )
    if (whole === null) return false
    const places = (index: number): number => (index < at ? start + index : whole.raw(whole.at + index - at))
    return this.#match(detector, text.slice(0, at) + whole.text.slice(whole.at), at, places, start) !== 'none'
  }

  /** The bytes of the window from `from` to `to`, as latin1. What is close together is cut out of one text. */
  #slice(from: number, to: number, end: number): string {
    if (from >= this.#blockAt && to <= this.#blockAt + this.#block.length)
      return this.#block.slice(from - this.#blockAt, to - this.#blockAt)
    this.#blockAt = from
    this.#block = this.#kernel.window.toString(
      'latin1',
      from,
      Math.min(end, from + Math.max(MIN_BLOCK, 2 * (to - from))),
    )
    return this.#block.slice(0, to - from)
  }

  /** Where in a text the characters of tokens end that stand at a place. Text that is full of starts is walked once. */
  #runEnd(text: string, at: number, start: number): number {
    const { from, to } = this.#run
    const isInside = start + at >= from && start + at < to
    TOKEN_RUN.lastIndex = isInside ? Math.min(to - start, text.length) : at
    TOKEN_RUN.exec(text)
    const runEnd = Math.max(at, TOKEN_RUN.lastIndex)
    this.#run = { from: isInside ? from : start + at, to: Math.max(isInside ? to : 0, start + runEnd) }
    return runEnd
  }

  /**
   * Tries a detector's pattern at one place of a text, and keeps what its check lets stand.
   * @param raw where each character of the text stands in the window; null where the text is the window's from `start` on
   * @returns whether the pattern matched, and whether what was found is proven or likely
   */
  #match(
    detector: Detector,
    text: string,
    at: number,
    raw: ((index: number) => number) | null,
    start: number,
  ): 'none' | 'weak' | 'strong' {
    const found = this.#found(detector, text, at)
    if (found === null) return 'none'
    const { match, mustProve } = found
    if (detector.alone === true && raw === null) {
      this.#tried ??= new Map()
      this.#tried.set(detector, { from: start + match.index, to: start + match.index + match[0].length })
    }
    const groups = match.groups ?? {}
    const before = groups['before'] ?? ''
    const value = before + (groups['value'] ?? match[0])
    const checked: Checked | null =
      detector.check === undefined
        ? {}
        : detector.check({
            value,
            groups,
            before: text.slice(0, at - before.length),
            after: text.slice(match.index + match[0].length),
            path: this.#path,
            isText: this.#isText,
          })
    if (checked === null || (mustProve && checked.strength !== 'proven')) return 'weak'
    const secret = checked.value ?? value
    const inner =
      groups['value'] === undefined && checked.value === undefined
        ? -before.length
        : Math.max(-before.length, (before + match[0]).indexOf(secret) - before.length)
    // A value that was put into another form (a key out of its quotes) takes the place of the whole match.
    const matched = before + match[0]
    const size =
      matched.includes(secret) || (raw === null && secret.startsWith(matched)) ? secret.length : matched.length
    const first = raw === null ? start + at + inner : raw(at + inner)
    const length = raw === null ? size : raw(at + inner + size) - first
    const strength = checked.strength ?? detector.strength
    if (detector.isIndicator === true) {
      this.#addIndicator(detector.id, this.#base + first, this.#lineAt(first))
      return 'weak'
    }
    this.#keep().add({
      detector,
      value: secret,
      identity: checked.identity ?? secret,
      strength,
      offset: this.#base + first,
      length,
      end: this.#base + first + length,
      line: this.#lineAt(first),
      encoding: 'raw',
      facts: checked.facts ?? {},
      note: checked.note ?? null,
      companion: raw === null ? null : this.#kernel.window.toString('latin1', first, first + length),
    })
    return strength === 'proven' || strength === 'likely' ? 'strong' : 'weak'
  }

  /** A match that stands alone, or one that touches other text and must prove itself. */
  #found(detector: Detector, text: string, at: number): { match: RegExpExecArray; mustProve: boolean } | null {
    const { pattern, glued } = detector
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match !== null) {
      const before = match.groups?.['before']?.length ?? 0
      if (detector.alone !== true || standsAlone(text, at - before, before + match[0].length, this.#isText))
        return { match, mustProve: false }
    }
    if (glued === undefined) return null
    glued.lastIndex = at
    const touching = glued.exec(text)
    return touching === null ? null : { match: touching, mustProve: true }
  }

  /** Values of a file that is read by its name. */
  #readFile(): void {
    const head = Buffer.concat(this.#head)
    const isUtf16 = head[0] === 0xff && head[1] === 0xfe
    const text = (isUtf16 ? narrow(head.subarray(2), false) : head).toString('latin1')
    const lineAt = lineCounter(text)
    let found: Candidate[] = []
    for (const detector of this.#files) {
      for (const { value, at, strength, facts, note, identity } of detector.parse(text, this.#path)) {
        found.push({
          detector,
          value,
          identity: identity ?? value,
          strength: strength ?? detector.strength,
          offset: isUtf16 ? 2 + at * 2 : at,
          length: value.length,
          end: at + value.length,
          line: this.#isText || isUtf16 ? lineAt(at) : null,
          encoding: 'raw',
          facts: facts ?? {},
          note: note ?? null,
          companion: null,
        })
        if (found.length < MAX_BATCH) continue
        this.#keep().merge(found)
        found = []
        if (this.#bounds.matches.exceeded) return
      }
    }
    this.#keep().merge(found)
  }
}

/** Tells lines of places that come nearly in order: only what lies between two of them is counted. */
function lineCounter(text: string): (at: number) => number {
  let [place, line] = [0, 1]
  const count = (from: number, to: number): number => {
    let feeds = 0
    for (let feed = text.indexOf('\n', from); feed !== -1 && feed < to; feed = text.indexOf('\n', feed + 1)) feeds++
    return feeds
  }
  return (at) => {
    line += at >= place ? count(place, at) : -count(at, place)
    place = at
    return line
  }
}
