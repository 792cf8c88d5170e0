// The two common cases of a detector: a token of a form that only its issuer uses, and a value of a common form that stands
// beside the issuer's name.
import { fillerKind, mayBeDrawn } from '../checks.ts'
import type { About, Checked, Detector, Fill, Found, Sample, Strength } from '../detector.ts'
import { compileForm, formLength, formSource } from '../form.ts'

/** What a check of a filler says: nothing for `xxxx`, a public example for `EXAMPLE` and for runs of the alphabet. */
function checkFiller(random: string): Checked | 'filler' | null {
  const kind = fillerKind(random)
  if (kind === 'filler') return 'filler'
  return kind === 'example' ? { strength: 'harmless', note: 'it reads like an example' } : null
}

interface Token extends Omit<About, 'examples'> {
  /** How it is written; each with fixed text of three or more characters. */
  readonly forms: readonly string[]
  readonly strength?: Strength
  readonly check?: (found: Found) => Checked | null
  /** Its check proves it: it is found too where other text touches it, as in programs. */
  readonly checksum?: boolean
  /** Further examples, where the forms alone make none that the check takes. */
  readonly examples?: readonly Sample[]
}

/** The part of a token that is chance: without the text that all have. */
const withoutLiterals = (value: string, literals: readonly string[]): string =>
  literals.reduce((rest, text) => (text.length > 2 ? rest.replace(text, '') : rest), value)

const RIGHT_BORDER = '(?![A-Za-z0-9_-])'

/**
 * A token that stands alone: no letter, digit or `_` before it, none of its alphabet behind it. Filler such as
 * `ghp_xxxxxxxx` falls; what reads like an example is harmless.
 */
export function token({ forms, strength = 'likely', check, checksum = false, examples, ...about }: Token): Detector {
  const compiled = forms.map(compileForm)
  const literals = [...new Map(compiled.map((form) => [form.literal, form])).values()]
  const shortest = (literal: string): number =>
    Math.min(...compiled.filter((form) => form.literal === literal).map(({ run }) => run))
  if (compiled.filter(({ before }) => before !== '').length > 1)
    throw new RangeError(`${about.id}: two forms look back, and groups cannot share a name`)
  if (literals.some(({ literal }) => literal === ''))
    throw new RangeError(`${about.id}: a form has no fixed text of three characters`)
  const source = compiled
    .map(({ before, after }) => (before === '' ? after : `(?<=(?<before>${before}))${after}`))
    .join('|')
  const fixed = literals.map(({ literal }) => literal)
  return {
    ...about,
    forms,
    literals: literals.map(({ literal }) => ({
      text: literal,
      run: Math.min(shortest(literal), literal.length < 5 ? 16 : 8),
    })),
    pattern: new RegExp(`(?:${source})${RIGHT_BORDER}`, 'y'),
    ...(compiled.some(({ before }) => before !== '') ? { looksBack: true } : {}),
    ...(checksum ? { glued: new RegExp(`(?:${source})`, 'y') } : {}),
    // What starts with another sign needs no border.
    alone: /^(?:\[|\w)/.test(source.replace(/^\(\?<=\(\?<before>/, '')),
    window: Math.max(256, Math.max(...compiled.map(({ literal, max }) => literal.length + max)) + 8),
    strength,
    examples: examples ?? forms,
    check: (found) => {
      const filler = checkFiller(withoutLiterals(found.value, fixed))
      if (filler === 'filler') return null
      const checked = check === undefined ? {} : check(found)
      return checked === null || checked.strength === 'proven' || filler === null ? checked : { ...checked, ...filler }
    },
  }
}

interface Named extends Omit<About, 'examples'> {
  /** Names of the issuer, in lower case, as they stand in the names of variables; three characters or more. */
  readonly names: readonly string[]
  /** How the value is written. */
  readonly values: readonly string[]
  readonly strength?: Strength
  /** What the text between name and value must hold; by default a word such as `key`, `token` or `secret`. */
  readonly word?: RegExp
  readonly check?: (found: Found) => Checked | null
  /** The part of the value that is chance; by default all of it. */
  readonly chance?: (value: string) => string
  readonly examples?: readonly Sample[]
}

const SECRET_WORD = /key|token|secret|passw|auth|api|\bpat\b|[_-]pat\b|cred|bearer|access/i
/** Names of values that are public or no secret. */
const NO_SECRET =
  /(?:url|uri|hash|sha\d*|md5|commit|rev(?:ision)?|digest|checksum|sum|integrity|version|etag|colou?r|trace|span|request|image|file|path|class|name|email|public|pub|project|account|app|client|user|team|org|tenant|key|token)[-_]?(?:id|url|uri|hash|sha\d*|name)s?$|(?:^|[._-])(?:id|uuid|guid|url|uri|hash|sha\d*|md5|commit|rev|digest|checksum|integrity|version|etag)$/i
/** Between the issuer's name and the value: the rest of a name, operators, quotes, one level of nesting. */
const BETWEEN = '(?<between>[^;\\n]{0,64}?(?:\\n[^;\\n]{0,32}?)?)'
/** More words than this between name and value are prose. */
const MAX_WORDS = 4

/** A value that only the name beside it tells: the issuer's, and a word such as `key`. */
export function named({
  names,
  values,
  strength = 'likely',
  word = SECRET_WORD,
  check,
  chance = (value) => value,
  examples,
  ...about
}: Named): Detector {
  const body = values.map(formSource).join('|')
  const whole = new RegExp(`^(?:${body})$`)
  return {
    ...about,
    forms: values,
    literals: [],
    names,
    pattern: new RegExp(
      `(?<named>${names.map((name) => name.replace(/[.+]/g, '\\$&')).join('|')})${BETWEEN}(?<![A-Za-z0-9+/_-])(?<value>${body})(?![A-Za-z0-9+/_=-])`,
      'iy',
    ),
    window: 160 + Math.max(...values.map(formLength)),
    strength,
    context: true,
    examples:
      examples ??
      values.map(
        (value): Sample =>
          (fill: Fill) =>
            `${(names[0] ?? '').toUpperCase().replace(/[ -]/g, '_')}_API_KEY=${fill(value)}`,
      ),
    check: (found) => {
      const { value, groups, before } = found
      const between = groups['between'] ?? ''
      const words = between.match(/[\w.-]+/g) ?? []
      if (words.length > MAX_WORDS || words.some((text) => text.length > 40) || NO_SECRET.test(words.at(-1) ?? ''))
        return null
      // The pattern ignores case for the names' sake; the value's own case counts.
      if (!whole.test(value)) return null
      if (!mayBeDrawn(value)) return null
      const name = `${/(?<![\w.-])[\w.-]*$/.exec(before)?.[0] ?? ''}${groups['named'] ?? ''}${between}`
      if (!word.test(name) && !/^[\s"'`]*[=:]/.test(between)) return null
      const filler = checkFiller(chance(value))
      if (filler === 'filler') return null
      const checked = check === undefined ? {} : check(found)
      return checked === null || filler === null ? checked : { ...checked, ...filler }
    },
  }
}

/** The check of a token that needs no other: filler falls, an example is harmless. */
export function ofFiller(random: string): Checked | null {
  const filler = checkFiller(random)
  return filler === 'filler' ? null : (filler ?? {})
}
