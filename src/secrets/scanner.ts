// Bytes in, secrets out: one streaming scanner for files of any size and for single texts.
//
//   chunk ─► window (carry + chunk) ─► prefilter, all literals at once ─► anchored check of the detector ─► matches
import { ImageError } from '../error.ts'
import { DEFAULT_LIMITS, raise } from '../limits.ts'
import { SIGNS } from '../packing/signs.ts'
import { Catalogue } from './catalogue.ts'
import { type Compiled, ContentScan, type Mark, WINDOW } from './content-scan.ts'
import type { Detector, FileDetector, LiteralSpec } from './detector.ts'
import { FILE_DETECTORS, GROUPS, SEARCHED } from './detectors/list.ts'
import { FileIndex } from './file-index.ts'
import { MatchBudget } from './kept.ts'
import { LETTER_ESCAPES, PRINTABLE } from './letter-escapes.ts'
import type { SecretMatch } from './match.ts'
import { NameIndex, TRIGGERS } from './name-index.ts'
import { PACKED_SIGNS, packedBudget } from './packed-text.ts'
import { buildKernel } from './prefilter/kernel.ts'
import { escapedSpellings } from './spellings.ts'

/** Literals as they stand in escaped text: the window is decoded before the pattern is tried. */
const ESCAPED_SCHEME = /^(?::\\{1,2}\/\\{1,2}\/|%3A%2F%2F|%3a%2f%2f|\\:\/\/|:\\u002[Ff]\\u002[Ff])/

/** Texts that tell a program whatever its file is called. */
const PROGRAM_MARKS: Readonly<Record<string, Mark>> = { 'BusyBox v1.': 'busybox', 'GNU bash, version': 'bash' }

const LETTER_ESCAPE_TEXTS: ReadonlySet<string> = new Set(LETTER_ESCAPES.map(({ text }) => text))

const PACKED: ReadonlySet<string> = new Set(PACKED_SIGNS.map(({ text }) => text))

/** A literal that the kernel looks for, and what it is a sign of. */
interface Sought {
  readonly spec: Required<LiteralSpec>
  readonly owners: readonly Detector[]
  readonly isTrigger: boolean
  readonly isEscaped: boolean
}

const PLAIN = { ignoreCase: false, assignment: false, run: 0 }

/** Characters of an issuer's name that is searched for by itself: shorter ones cost more than they find. */
const MIN_NAME = 10

/** All that the kernel looks for in one pass: literals of detectors as they are written and escaped, names, and signs of programs and packings. */
export function literalsOf(detectors: readonly Detector[]): readonly Sought[] {
  const literals = new Map<string, Sought>()
  const add = (
    literal: string | LiteralSpec,
    owners: readonly Detector[],
    { isTrigger = false, isEscaped = false } = {},
  ): void => {
    const spec = { ...PLAIN, ...(typeof literal === 'string' ? { text: literal } : literal) }
    const key = `${spec.text}\0${spec.ignoreCase}${spec.assignment}`
    const known = literals.get(key)
    // What shares a literal shares its entry: the shortest run finds for all.
    literals.set(key, {
      spec: { ...spec, run: Math.min(spec.run, known?.spec.run ?? spec.run) },
      owners: known === undefined ? owners : [...new Set([...known.owners, ...owners])],
      isTrigger: isTrigger || known?.isTrigger === true,
      isEscaped: isEscaped && known?.isEscaped !== false,
    })
  }
  for (const detector of detectors) {
    for (const literal of detector.literals) {
      const spec = { ...PLAIN, ...(typeof literal === 'string' ? { text: literal } : literal) }
      add(spec, [detector])
      if (detector.generic === true || detector.isIndicator === true || spec.text === '://') continue
      for (const text of escapedSpellings(spec.text)) add({ ...spec, text }, [detector], { isEscaped: true })
    }
  }
  if (detectors.some(({ names }) => names !== undefined))
    for (const trigger of TRIGGERS) add(trigger, [], { isTrigger: true })
  // An issuer's name alone can be the name of its key: `deepgram = …`.
  for (const text of new Set(
    detectors.flatMap(({ names = [] }) => names.filter((name) => name.length >= MIN_NAME || name === 'deepgram')),
  ))
    add({ text, ignoreCase: true, assignment: true, run: 16 }, [], { isTrigger: true })
  for (const text of [...Object.keys(PROGRAM_MARKS), ...Object.keys(SIGNS), ...PACKED]) add(text, [])
  for (const spec of [...LETTER_ESCAPES, PRINTABLE]) add(spec, [])
  return [...literals.values()]
}

/** All detectors compiled for one window. */
function compile(detectors: readonly Detector[], simd: boolean, files: readonly FileDetector[]): Compiled {
  const all = literalsOf(detectors)
  const signOf = new Map<string, (typeof SIGNS)[keyof typeof SIGNS]>(Object.entries(SIGNS))
  const marks = all.map(({ spec }) => PROGRAM_MARKS[spec.text] ?? null)
  const packed = all.map(({ spec }) => PACKED.has(spec.text))
  const signs = all.map(({ spec }) => signOf.get(spec.text) ?? null)
  const letterEscapes = all.map(({ spec }) => LETTER_ESCAPE_TEXTS.has(spec.text))
  const printable = all.findIndex(({ spec }) => spec.text === PRINTABLE.text)
  const triggers = all.map(({ isTrigger }) => isTrigger)
  return {
    catalogue: new Catalogue([...detectors, ...files]),
    marks,
    packed,
    signs,
    letterEscapes,
    printable,
    triggers,
    isSign: all.map(
      (_, at) =>
        marks[at] !== null ||
        packed[at] === true ||
        signs[at] !== null ||
        letterEscapes[at] === true ||
        at === printable ||
        triggers[at] === true,
    ),
    owners: all.map(({ owners }) => owners),
    escaped: all.map(({ spec, isEscaped }) =>
      ESCAPED_SCHEME.test(spec.text) ? 'scheme' : isEscaped ? 'literal' : null,
    ),
    kernel: buildKernel(
      all.map(({ spec }) => spec),
      WINDOW,
      simd,
    ),
    names: new NameIndex(detectors),
    files: new FileIndex(files),
  }
}

/** Makes scans of contents, one after the other. */
export class Scanner {
  readonly #compiled: Compiled
  /** What the matches of all scans may come to; null where each content is bounded by itself. */
  readonly #matches: MatchBudget | null

  /** @param simd false takes the plain JavaScript search */
  constructor(
    detectors: readonly Detector[] = SEARCHED,
    simd = true,
    files: readonly FileDetector[] = FILE_DETECTORS,
    compiled = compile(detectors, simd, files),
    matches: MatchBudget | null = null,
  ) {
    this.#compiled = compiled
    this.#matches = matches
  }

  /** The detectors that matches name. */
  get catalogue(): Catalogue {
    return this.#compiled.catalogue
  }

  /** The same detectors for one image, which may have so many matches; see `assertBounded`. */
  bounded(limit: number): Scanner {
    return new Scanner([], true, [], this.#compiled, new MatchBudget(limit))
  }

  /** @param where what was scanned, in words @throws ImageError when there were more matches than may be kept */
  assertBounded(where: string): void {
    if (this.#matches?.exceeded !== true) return
    throw new ImageError(
      'too-many-matches',
      `${where} has more than ${this.#matches.limit} values that detectors match ${raise('matches')}`,
    )
  }

  /** Starts the scan of one content. @param path where it stands; some detectors ask what kind of file it is */
  start(path: string): ContentScan {
    return this.#start(path, true)
  }

  #start(path: string, isCapped: boolean): ContentScan {
    return new ContentScan(this.#compiled, path, 0, packedBudget(), {
      matches: this.#matches ?? new MatchBudget(DEFAULT_LIMITS.matches),
      isCapped,
    })
  }

  /** Scans a text that is in memory, such as a history entry. All its matches are kept: reports quote such texts. */
  scanText(text: string, path = ''): readonly SecretMatch[] {
    const scan = this.#start(path, false)
    scan.push(Buffer.from(text, 'utf8'), true)
    return scan.matches
  }
}

let shared: { readonly scanner: Scanner; readonly own: readonly Detector[] } | null = null

/** The scanner of this process: to compile all detectors takes a fifth of a second. It has the own detectors of the policy that was read last. */
export function processScanner(): Scanner {
  shared ??= { scanner: new Scanner(), own: [] }
  return shared.scanner
}

/** The scanner of this process with these detectors beside ours, from now on: whatever is written later hides what they find. */
export function useDetectors(own: readonly Detector[]): Scanner {
  const known = shared?.own ?? []
  if (own.length !== known.length || own.some((each, index) => each !== known[index]))
    shared = { scanner: new Scanner([...SEARCHED, ...own]), own }
  return processScanner()
}

/** The detectors that a run of this process has: ours, and those of the policy that was read last. */
export const allDetectors = (): readonly (Detector | FileDetector)[] => [
  ...GROUPS.flatMap(({ detectors }) => detectors),
  ...(shared?.own ?? []),
]
