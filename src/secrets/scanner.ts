// Bytes in, secrets out: one streaming scanner for files of any size and for single texts.
//
//   chunk ─► window (carry + chunk) ─► prefilter, all literals at once ─► anchored check of the detector ─► matches
import { SIGNS } from '../packing/signs.ts'
import { type Compiled, ContentScan, type Mark, WINDOW } from './content-scan.ts'
import type { Detector, FileDetector, LiteralSpec } from './detector.ts'
import { DETECTORS, FILE_DETECTORS } from './detectors/list.ts'
import { FileIndex } from './file-index.ts'
import type { SecretMatch } from './match.ts'
import { NameIndex, TRIGGERS } from './name-index.ts'
import { buildKernel } from './prefilter/kernel.ts'

/** Bytes that packed texts of one content may unpack to. */
const MAX_UNPACKED = 64 << 20
/** Literals as they stand in escaped text: the window is decoded before the pattern is tried. */
const ESCAPED_LITERAL = /^(?::\\\/\\\/|%3A%2F%2F|%3a%2f%2f)/

/** Texts that tell a program whatever its file is called. */
const PROGRAM_MARKS: Readonly<Record<string, Mark>> = { 'BusyBox v1.': 'busybox', 'GNU bash, version': 'bash' }

/** All detectors compiled for one window. Makes scans; holds no state between them. */
export class Scanner {
  readonly #compiled: Compiled

  /** @param simd false takes the plain JavaScript search */
  constructor(detectors: readonly Detector[] = DETECTORS, simd = true, files: readonly FileDetector[] = FILE_DETECTORS) {
    const plain = { ignoreCase: false, assignment: false, run: 0 }
    const literals = new Map<string, { spec: Required<LiteralSpec>; owners: Detector[]; isTrigger: boolean }>()
    const add = (literal: string | LiteralSpec, owners: readonly Detector[], isTrigger = false): void => {
      const spec = { ...plain, ...(typeof literal === 'string' ? { text: literal } : literal) }
      const key = JSON.stringify([spec.text, spec.ignoreCase, spec.assignment])
      const known = literals.get(key)
      // What shares a literal shares its entry: the shortest run finds for all.
      literals.set(key, {
        spec: { ...spec, run: Math.min(spec.run, known?.spec.run ?? spec.run) },
        owners: [...(known?.owners ?? []), ...owners],
        isTrigger: isTrigger || known?.isTrigger === true,
      })
    }
    for (const detector of detectors) for (const literal of detector.literals) add(literal, [detector])
    if (detectors.some(({ names }) => names !== undefined)) for (const trigger of TRIGGERS) add(trigger, [], true)
    for (const text of [...Object.keys(PROGRAM_MARKS), ...Object.keys(SIGNS)]) add(text, [])
    const signOf = new Map<string, (typeof SIGNS)[keyof typeof SIGNS]>(Object.entries(SIGNS))
    const all = [...literals.values()]
    this.#compiled = {
      marks: all.map(({ spec }) => PROGRAM_MARKS[spec.text] ?? null),
      owners: all.map(({ owners }) => owners),
      signs: all.map(({ spec }) => signOf.get(spec.text) ?? null),
      escaped: all.map(({ spec }) => ESCAPED_LITERAL.test(spec.text)),
      kernel: buildKernel(
        all.map(({ spec }) => spec),
        WINDOW,
        simd,
      ),
      triggers: all.map(({ isTrigger }) => isTrigger),
      names: new NameIndex(detectors),
      files: new FileIndex(files),
    }
  }

  /** Starts the scan of one content. @param path where it stands; some detectors ask what kind of file it is */
  start(path: string): ContentScan {
    return new ContentScan(this.#compiled, path, 0, { left: MAX_UNPACKED })
  }

  /** Scans a text that is in memory: a history entry, an environment variable. */
  scanText(text: string, path = ''): SecretMatch[] {
    const scan = this.start(path)
    scan.push(Buffer.from(text, 'utf8'), true)
    return scan.matches
  }
}

let shared: Scanner | null = null

/** The scanner of this process: to compile all detectors takes a fifth of a second. */
export function processScanner(): Scanner {
  shared ??= new Scanner()
  return shared
}
