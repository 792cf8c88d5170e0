// The one redactor: every text that leaves the program goes through it, with all values known in this run.
import { decodeText } from './checks.ts'

/** What is shown in place of a password. */
const HIDDEN = '•••'
/** Shorter values would cut up ordinary words; they are replaced where they stand alone. */
const ALONE_BELOW = 8
/** Lines of a longer value that are hidden on their own. */
const MIN_LINE = 12
const PEM_HEADER = /^-----BEGIN [A-Z0-9 ]+-----/

/**
 * What may be shown of a value: from 20 characters the first and last four, from 12 two, else nothing; of a password
 * nothing, ever.
 */
export function redactValue(value: string, guessable: boolean): string {
  if (guessable) return HIDDEN
  const header = PEM_HEADER.exec(value)?.[0]
  if (header !== undefined) return `${header}…`
  if (/[^\x21-\x7e]/.test(value)) return HIDDEN
  const shown = value.length >= 20 ? 4 : value.length >= 12 ? 2 : 0
  return shown === 0 ? HIDDEN : `${value.slice(0, shown)}…${value.slice(-shown)}`
}

/** Fields whose values are the program's own words or digests, never text of the image. */
const OWN_WORDS = new Set([
  'certainty',
  'code',
  'confidence',
  'detector',
  'diffId',
  'digest',
  'failOn',
  'fingerprint',
  'id',
  'keyedHash',
  'kind',
  'result',
  'role',
  'ruleId',
  'severity',
  'sha256',
  'source',
  'state',
  'tool',
])

interface KnownValue {
  readonly value: string
  readonly guessable: boolean
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** The forms in which a value can stand in a text. */
function* formsOf(value: string): Generator<string> {
  yield value
  yield inJson(value)
  yield encodeURIComponent(value)
  const bytes = Buffer.from(value, 'utf8')
  yield bytes.toString('base64').replace(/=+$/, '')
  yield bytes.toString('base64url')
  yield bytes.toString('hex')
}

/** A login in base64 carries the password. */
function partsOf({ value, guessable }: KnownValue): KnownValue[] {
  const parts: KnownValue[] = [{ value, guessable }]
  const login = value.length <= 4096 ? decodeText(value) : null
  const split = login?.indexOf(':') ?? -1
  if (login !== null && split > 0) parts.push({ value: login, guessable: true }, { value: login.slice(split + 1), guessable: true })
  const unescaped = value.replace(/\\r|\\n/g, '\n')
  if (/\n/.test(unescaped))
    for (const line of unescaped.split('\n')) if (line.trim().length >= MIN_LINE && !line.startsWith('-----')) parts.push({ value: line.trim(), guessable: true })
  return parts
}

/** Hides all known values in texts. */
export class Redactor {
  readonly #long: { form: string; shown: string }[]
  readonly #short: { pattern: RegExp; shown: string }[]

  constructor(values: readonly KnownValue[]) {
    const forms = new Map<string, string>()
    for (const known of values) {
      for (const { value, guessable } of partsOf(known)) {
        if (value.trim().length < 3) continue
        for (const form of formsOf(value)) if (!forms.has(form)) forms.set(form, form === value ? redactValue(value, guessable) : HIDDEN)
      }
    }
    // Longer forms first: a value that holds another is hidden whole.
    const sorted = [...forms].sort(([a], [b]) => b.length - a.length)
    this.#long = sorted.filter(([form]) => form.length >= ALONE_BELOW).map(([form, shown]) => ({ form, shown }))
    this.#short = sorted
      .filter(([form]) => form.length < ALONE_BELOW)
      .map(([form, shown]) => ({ pattern: new RegExp(`(?<![A-Za-z0-9])${escapeRegExp(form)}(?![A-Za-z0-9])`, 'g'), shown }))
  }

  /** The text with every known value hidden. */
  text(text: string): string {
    let result = text
    for (const { form, shown } of this.#long) if (result.includes(form)) result = result.split(form).join(shown)
    for (const { pattern, shown } of this.#short) result = result.replace(pattern, shown)
    return result
  }

  /** All strings of a value of plain data, hidden; words of the report's own that programs read stay as they are. */
  data<T>(value: T): T {
    if (typeof value === 'string') return this.text(value) as T
    if (Array.isArray(value)) return value.map((item: unknown) => this.data(item)) as T
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [this.text(key), OWN_WORDS.has(key) ? item : this.data(item)])) as T
  }
}
