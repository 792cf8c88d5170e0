// Detectors that a configuration brings: read, held to the rules that ours keep, and made into what the scanner takes.
import { minimatch } from 'minimatch'
import * as z from 'zod'
import { type Anchored, anchored } from '../expressions/anchored.ts'
import { dearInWindow } from '../expressions/cost.ts'
import { PatternError } from '../expressions/dialect.ts'
import { SEVERITIES, type Severity } from '../finding/finding.ts'
import { entropy as entropyOf } from '../secrets/checks.ts'
import type { Detector, Found, Strength } from '../secrets/detector.ts'
import { GROUPS } from '../secrets/detectors/list.ts'
import { fillForm } from '../secrets/form.ts'

/** Detectors of one configuration at most. */
const MAX_OWN = 1000
const MAX_PATTERN = 2000

const detectorFields = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(?:-[a-z0-9]+)*$/, 'an id is written in lower-case letters, digits and -, such as acme-token')
    .max(60)
    .describe('what findings and ignore entries call it, such as acme-token'),
  title: z.string().min(3).max(80).optional().describe('what it is called in a sentence: Acme deployment token'),
  pattern: z
    .string()
    .min(3)
    .max(MAX_PATTERN)
    .describe('regular expression (RE2 or ECMAScript) with a fixed text of three characters or more'),
  keywords: z
    .array(z.string().min(3).max(32))
    .min(1)
    .max(50)
    .optional()
    .describe('the fixed texts of the pattern at which the search starts; default: the longest'),
  capture: z
    .union([z.int().min(0).max(50), z.string().min(1).max(50)])
    .optional()
    .describe('the group that is the secret, by number or name; default: the first group, else the whole match'),
  path: z
    .union([z.string().min(1), z.array(z.string().min(1)).min(1).max(50)])
    .optional()
    .describe(
      'patterns of the paths in the image that are searched, such as **/*.conf; default: all, and all other text',
    ),
  entropy: z.number().min(0).max(8).optional().describe('bits a character that the secret has at least'),
  severity: z
    .enum(SEVERITIES.slice(0, 4) as [Severity, ...Severity[]])
    .optional()
    .describe('default high'),
  issuer: z.string().min(1).max(80).optional().describe('who gives it out'),
  opens: z.string().min(3).max(200).optional().describe('what whoever holds it can do'),
  revoke: z.string().min(3).max(300).optional().describe('what to do with a leaked one, in the imperative'),
  docs: z.url().optional().describe('the page on it'),
  examples: z
    .array(z.string().min(1).max(5000))
    .max(50)
    .optional()
    .describe(
      'texts in which it must be found. {hex:32}, {62:40}, {uuid} stand for random characters, so that no example looks like a leak',
    ),
  quiet: z.array(z.string().min(1).max(5000)).max(50).optional().describe('texts in which it must not be found'),
})

export type OwnDetector = z.output<typeof detectorFields>

const STRENGTH: Readonly<Record<string, Strength>> = {
  critical: 'proven',
  high: 'likely',
  medium: 'possible',
  low: 'harmless',
}

/** Whether a path in an image, with or without its first slash, fits one of the patterns. */
const fits = (path: string, patterns: readonly string[]): boolean =>
  path !== '' &&
  patterns.some((pattern) => {
    const from = (text: string): string => (text.startsWith('/') ? text : `/${text}`)
    return minimatch(from(path), from(pattern), { dot: true })
  })

/** @throws PatternError */
function checkedPattern({ pattern, capture, keywords }: OwnDetector): Anchored {
  const found = anchored(pattern, capture ?? null, keywords ?? [])
  const dear =
    dearInWindow(found.source, 'y', found.window) ?? (found.before === '' ? null : dearInWindow(found.before, 'y', 96))
  if (dear !== null)
    throw new PatternError(
      `it takes too long for a text such as ${JSON.stringify(`${dear.prefix}${dear.unit.repeat(3)}`.slice(0, 40))}, again and again: give its repetitions an end, and no two beside each other that take the same characters`,
    )
  return found
}

/** What the scanner takes. @throws PatternError */
function compile(own: OwnDetector): Detector {
  const { literals, source, window } = checkedPattern(own)
  const { path, entropy } = own
  return {
    id: own.id,
    title: own.title ?? own.id,
    issuer: own.issuer ?? 'the configuration',
    opens: own.opens ?? 'what the configuration does not say',
    revoke: (own.revoke ?? 'Revoke it where it was issued').replace(/\.$/, ''),
    docs: own.docs ?? '',
    strength: STRENGTH[own.severity ?? 'high'] ?? 'likely',
    examples: own.examples ?? [],
    literals: literals.map(({ text, ignoreCase }) => ({ text, ignoreCase })),
    pattern: new RegExp(source, 'y'),
    window,
    check: ({ value, path: where }: Found) =>
      value === '' ||
      (path !== undefined && !fits(where, [path].flat())) ||
      (entropy !== undefined && entropyOf(value) < entropy)
        ? null
        : {},
  }
}

/** Whether a detector finds something in a text, wherever the text stands. */
function finds(detector: Detector, text: string): boolean {
  const bytes = Buffer.from(text, 'utf8').toString('latin1')
  const folded = bytes.toLowerCase()
  return detector.literals.some((literal) => {
    const { text: sought, ignoreCase = false } = typeof literal === 'string' ? { text: literal } : literal
    const within = ignoreCase ? folded : bytes
    for (let at = within.indexOf(sought); at !== -1; at = within.indexOf(sought, at + 1)) {
      const { pattern } = detector
      pattern.lastIndex = at
      const match = pattern.exec(bytes)
      if (match === null) continue
      const value = `${match.groups?.['before'] ?? ''}${match.groups?.['value'] ?? match[0]}`
      if (value !== '') return true
    }
    return false
  })
}

const OURS: ReadonlySet<string> = new Set(GROUPS.flatMap(({ detectors }) => detectors.map(({ id }) => id)))

/** What is wrong with a detector, by its field; null where nothing is. */
function problemOf(
  own: OwnDetector,
): { readonly field: string; readonly at?: number; readonly message: string } | null {
  if (OURS.has(own.id))
    return { field: 'id', message: `${own.id} is a detector of Layergate: give this one another id` }
  let detector: Detector
  try {
    detector = compile(own)
  } catch (error) {
    if (!(error instanceof PatternError)) throw error
    return { field: 'pattern', message: `the pattern of ${own.id} cannot be taken: ${error.message}` }
  }
  // A filter of paths and of entropy is not asked: the examples stand nowhere.
  const filled = (form: string): string => fillForm(form, 7)
  const missed = (own.examples ?? []).findIndex((form) => !finds(detector, filled(form)))
  if (missed !== -1)
    return {
      field: 'examples',
      at: missed,
      message: `${own.id} does not find this example: pattern and example differ`,
    }
  const found = (own.quiet ?? []).findIndex((form) => finds(detector, filled(form)))
  return found === -1 ? null : { field: 'quiet', at: found, message: `${own.id} finds this text, which it must not` }
}

/** The detectors of a configuration. */
export const ownDetectorsSchema = z
  .array(
    detectorFields.superRefine((own, context) => {
      const problem = problemOf(own)
      if (problem === null) return
      const { field, at, message } = problem
      context.addIssue({ code: 'custom', path: at === undefined ? [field] : [field, at], message, input: own })
    }),
  )
  .max(MAX_OWN)

const compiled = new WeakMap<OwnDetector, Detector>()

/** The detectors as the scanner takes them. @param own as the schema let them pass */
export const compileOwn = (own: readonly OwnDetector[]): readonly Detector[] =>
  own.map((each) => {
    const detector = compiled.get(each) ?? compile(each)
    compiled.set(each, detector)
    return detector
  })
