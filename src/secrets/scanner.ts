// Bytes in, secrets out: one streaming scanner for files of any size and for single texts.
//
//   chunk ─► window (carry + chunk) ─► prefilter, all literals at once ─► anchored check of the detector ─► matches
//
// A candidate in the last OVERLAP bytes of a part that goes on is left to the next window, which starts that much
// earlier, so that a match is found once wherever the chunks end. Text in UTF-16 and in base64 is decoded and searched
// again. Nothing here grows with the length of the content.
import { decodeBase64 } from './checks.ts'
import type { Detector, LiteralSpec, Strength } from './detector.ts'
import { DETECTORS } from './detectors/list.ts'
import { alignments, base64Texts, narrow } from './encoded.ts'
import { buildKernel, type Kernel } from './prefilter/kernel.ts'
import { redactValue } from './redact.ts'

/** Bytes of content that one window takes besides what it carries over. */
const PART = 1 << 20
/** The longest match: what a window leaves to the next. */
const OVERLAP = 16_384
/** What a pattern may look back at. */
const LOOK_BEHIND = 96
const CARRY = OVERLAP + LOOK_BEHIND
const DEFAULT_WINDOW = 256
/** Decoded text is searched for encoded text again, this often (base64 in base64 in a file). */
const MAX_DEPTH = 2
/** More matches than this in one content are filler or an attack: the rest is counted only. */
const MAX_MATCHES = 1000

/** Texts that tell a program whatever its file is called. */
const PROGRAM_MARKS: Readonly<Record<string, 'busybox' | 'bash'>> = { 'BusyBox v1.': 'busybox', 'GNU bash, version': 'bash' }
type Mark = 'busybox' | 'bash' | null

export type Encoding = 'raw' | 'base64' | 'utf-16'

/** A secret in a content. Holds the value: it never leaves the program but through the redactor. */
export interface SecretMatch {
  readonly detector: Detector
  readonly value: string
  /** What makes two matches the same secret. */
  readonly identity: string
  readonly strength: Strength
  /** Bytes from the start of the content. */
  readonly offset: number
  /** Bytes that the match takes there. */
  readonly length: number
  /** Line from 1; null for content that is no text. */
  readonly line: number | null
  readonly encoding: Encoding
  readonly facts: Readonly<Record<string, string>>
  readonly note: string | null
  /** What stands with the secret and is hidden like it: the id of a key pair, the base64 around a token. */
  readonly companion: string | null
}

interface Candidate extends SecretMatch {
  readonly end: number
}

/** All detectors compiled for one window. Makes scans; holds no state between them. */
export class Scanner {
  readonly #kernel: Kernel
  /** Detectors by number of the literal. */
  readonly #owners: readonly (readonly Detector[])[]
  readonly #marks: readonly Mark[]

  /** @param simd false takes the plain JavaScript search */
  constructor(detectors: readonly Detector[] = DETECTORS, simd = true) {
    const literals = new Map<string, { spec: Required<LiteralSpec>; owners: Detector[] }>()
    for (const detector of detectors) {
      for (const literal of detector.literals) {
        const given = typeof literal === 'string' ? { text: literal } : literal
        const spec = { ignoreCase: false, assignment: false, ...given }
        const key = JSON.stringify(spec)
        const entry = literals.get(key) ?? { spec, owners: [] }
        entry.owners.push(detector)
        literals.set(key, entry)
      }
    }
    for (const text of Object.keys(PROGRAM_MARKS)) literals.set(text, { spec: { text, ignoreCase: false, assignment: false }, owners: [] })
    const all = [...literals.values()]
    this.#marks = all.map(({ spec }) => PROGRAM_MARKS[spec.text] ?? null)
    this.#owners = all.map(({ owners }) => owners)
    this.#kernel = buildKernel(
      all.map(({ spec }) => spec),
      CARRY + PART,
      simd,
    )
  }

  /** Starts the scan of one content. @param path where it stands; some detectors ask what kind of file it is */
  start(path: string): ContentScan {
    return new ContentScan(this.#kernel, this.#owners, this.#marks, path, 0)
  }

  /** Scans a text that is in memory: a history entry, an environment variable. */
  scanText(text: string, path = ''): SecretMatch[] {
    const scan = this.start(path)
    scan.push(Buffer.from(text, 'utf8'), true)
    return scan.matches
  }
}

/** The scan of one content, fed in chunks. */
export class ContentScan {
  /** What was found, in order of position; complete after the last chunk. */
  matches: SecretMatch[] = []
  /** What kind of program the content says it is. */
  program: 'busybox' | 'bash' | null = null
  /** Matches beyond the limit, which were not kept. */
  dropped = 0
  readonly #kernel: Kernel
  readonly #owners: readonly (readonly Detector[])[]
  readonly #marks: readonly Mark[]
  readonly #path: string
  readonly #depth: number
  #carry: Buffer = Buffer.alloc(0)
  /** Position in the content of the window's first byte. */
  #base = 0
  /** Position in the content up to which candidates are dealt with. */
  #done = 0
  /** Line feeds before the window's first byte. */
  #linesBefore = 0
  #isText = true
  #candidates: Candidate[] = []
  readonly #seen = new Set<string>()

  constructor(kernel: Kernel, owners: readonly (readonly Detector[])[], marks: readonly Mark[], path: string, depth: number) {
    this.#marks = marks
    this.#kernel = kernel
    this.#owners = owners
    this.#path = path
    this.#depth = depth
  }

  /** Takes the next bytes. @param last no more follow */
  push(chunk: Buffer, last: boolean): void {
    if (chunk.length <= PART) {
      this.#window(chunk, last)
      return
    }
    for (let at = 0; at < chunk.length; at += PART) this.#window(chunk.subarray(at, at + PART), last && at + PART >= chunk.length)
  }

  #window(part: Buffer, last: boolean): void {
    const { window } = this.#kernel
    if (this.#base === 0 && this.#carry.length === 0) this.#isText = part.subarray(0, 4096).indexOf(0) === -1
    this.#carry.copy(window, 0)
    part.copy(window, this.#carry.length)
    const length = this.#carry.length + part.length
    const from = this.#done - this.#base
    const to = last ? length : Math.max(from, length - OVERLAP)
    // All of this is taken before anything is decoded: decoding uses the same window.
    const carry = last ? this.#carry : Buffer.from(window.subarray(Math.max(0, to - LOOK_BEHIND), length))
    const shift = last ? 0 : Math.max(0, to - LOOK_BEHIND)
    const lines = shift === 0 ? 0 : this.#kernel.lines(0, shift)
    if (to > from) this.#search(from, to, length)
    this.#carry = carry
    this.#base += shift
    this.#linesBefore += lines
    this.#done = this.#base + (to - shift)
    if (last) this.#finish()
  }

  #search(from: number, to: number, length: number): void {
    const kernel = this.#kernel
    const decoded: { text: Buffer; position: number; length: number; encoding: Encoding }[] = []
    kernel.scan(from, length, (position, literal) => {
      if (position < from || position >= to) return
      const mark = this.#marks[literal] ?? null
      if (mark !== null) this.program ??= mark
      for (const detector of this.#owners[literal] ?? []) this.#try(detector, position, length)
    })
    if (this.#depth >= MAX_DEPTH) return
    kernel.utf16Runs(length, (position, run, bigEndian) => {
      if (position + run <= from) return
      decoded.push({ text: narrow(kernel.window.subarray(position, position + run), bigEndian), position, length: run, encoding: 'utf-16' })
    })
    for (const { position, length: run, text } of base64Texts(kernel, from, length)) {
      for (const skip of alignments(text)) {
        const bytes = decodeBase64(text.slice(skip, text.length - ((text.length - skip) % 4 === 1 ? 1 : 0)))
        if (bytes !== null) decoded.push({ text: bytes, position, length: run, encoding: 'base64' })
      }
    }
    const lineAt = decoded.map(({ position }) => this.#lineAt(position))
    decoded.forEach(({ text, position, length: run, encoding }, index) => {
      const inner = new ContentScan(kernel, this.#owners, this.#marks, this.#path, this.#depth + 1)
      inner.push(text, true)
      for (const match of inner.matches) this.#addDecoded(match, position, run, encoding, lineAt[index] ?? null)
    })
  }

  #lineAt(position: number): number | null {
    return this.#isText ? this.#linesBefore + this.#kernel.lines(0, position) + 1 : null
  }

  #addDecoded(match: SecretMatch, position: number, run: number, encoding: Encoding, line: number | null): void {
    const key = `${match.detector.id}\0${match.identity}`
    const offset = this.#base + position
    if (this.#seen.has(key)) return
    this.#seen.add(key)
    // Decoded text that is no secret of its own (the words of a base64 run) proves little: only what is not generic counts.
    if (match.detector.generic && encoding === 'base64') return
    const within = encoding === 'utf-16' ? match.offset * 2 : Math.floor((match.offset * 4) / 3)
    this.#add({ ...match, offset: offset + Math.min(within, run), length: run, end: offset + run, line, encoding })
  }

  #try(detector: Detector, position: number, end: number): void {
    const start = Math.max(0, position - LOOK_BEHIND)
    const text = this.#kernel.window.toString('latin1', start, Math.min(end, position + (detector.window ?? DEFAULT_WINDOW)))
    const { pattern } = detector
    pattern.lastIndex = position - start
    const match = pattern.exec(text)
    if (match === null) return
    // A content that is full of matches is filler or an attack: what comes now is counted, not checked.
    if (this.#candidates.length >= MAX_MATCHES) {
      this.dropped++
      return
    }
    const groups = match.groups ?? {}
    const before = groups['before'] ?? ''
    const value = before + (groups['value'] ?? match[0])
    const checked =
      detector.check === undefined
        ? {}
        : detector.check({ value, groups, before: text.slice(0, position - start), after: text.slice(match.index + match[0].length), path: this.#path, isText: this.#isText })
    if (checked === null) return
    const secret = checked.value ?? value
    const inner = groups['value'] === undefined && checked.value === undefined ? -before.length : Math.max(0, match[0].indexOf(secret))
    const at = position + inner
    // A value that was put into another form (a key out of its quotes) takes the place of the whole match.
    const length = (before + match[0]).includes(secret) ? secret.length : before.length + match[0].length
    this.#add({
      detector,
      value: secret,
      identity: checked.identity ?? secret,
      strength: checked.strength ?? detector.strength,
      offset: this.#base + at,
      length,
      end: this.#base + at + length,
      line: this.#lineAt(at),
      encoding: 'raw',
      facts: checked.facts ?? {},
      note: checked.note ?? null,
      companion: null,
    })
  }

  /** Keeps one match for each stretch of bytes: what names an issuer wins over the generic, the longer over the shorter. */
  #add(given: Candidate): void {
    let candidate = given
    for (let i = this.#candidates.length - 1, seen = 0; i >= 0 && seen < 64; i--, seen++) {
      const other = this.#candidates[i]
      if (other === undefined || other.end <= candidate.offset || candidate.end <= other.offset) continue
      const [encoded, otherEncoded] = [candidate.encoding !== 'raw', other.encoding !== 'raw']
      const difference = rank(candidate.detector) - rank(other.detector) || Number(candidate.strength === 'proven') - Number(other.strength === 'proven')
      // A token inside base64 names its issuer, where the login around it does not; between equals the raw text wins.
      const weaker = difference !== 0 ? difference < 0 : encoded !== otherEncoded ? encoded : candidate.length <= other.length
      // Two values inside one encoded block are two secrets.
      if (encoded && otherEncoded && candidate.identity !== other.identity) continue
      if (weaker) return
      this.#candidates.splice(i, 1)
      // The text around a decoded token is as good as the token.
      if (encoded && !otherEncoded) candidate = { ...candidate, companion: other.value }
    }
    this.#candidates.push(candidate)
  }

  #finish(): void {
    const sorted = this.#candidates.sort((a, b) => a.offset - b.offset || a.length - b.length)
    this.matches = pairAwsKeys(sorted).map(({ end: _end, ...match }) => match)
  }
}

/** A token that names its issuer says more than the login it stands in, and that more than a bare assignment. */
const rank = ({ generic, guessable }: Detector): number => (generic ? 0 : guessable ? 1 : 2)

/** An AWS key id and a secret near it are one credential, proven by standing together. */
function pairAwsKeys(matches: readonly Candidate[]): Candidate[] {
  const near = 2048
  const ids = matches.filter(({ detector, strength }) => detector.id === 'aws-access-key' && strength !== 'harmless')
  const secrets = matches.filter(({ detector, strength }) => detector.id === 'aws-secret-key' && strength !== 'harmless')
  const paired = new Map<Candidate, Candidate>()
  const used = new Set<Candidate>()
  for (const secret of secrets) {
    const id = ids.find((candidate) => Math.abs(candidate.offset - secret.offset) < near && !used.has(candidate))
    if (id === undefined) continue
    paired.set(secret, id)
    used.add(id)
  }
  return matches
    .filter((match) => !used.has(match))
    .map((match) => {
      const id = paired.get(match)
      return id === undefined ? match : { ...match, strength: 'proven', facts: { ...match.facts, ...id.facts, keyId: redactValue(id.value, false) }, companion: id.value }
    })
}
