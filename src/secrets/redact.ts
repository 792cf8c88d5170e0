// The one redactor: every text that leaves the program goes through it, with all values known in this run.
import { decodeText, isUsualPassword } from './checks.ts'

/** What is shown in place of a password. */
export const HIDDEN = '•••'
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
  'commit',
  'confidence',
  'detector',
  'diffId',
  'digest',
  'failOn',
  'fingerprint',
  'fingerprints',
  'id',
  'keyedHash',
  'kind',
  'passed',
  'result',
  'role',
  'ruleId',
  'rule',
  'salt',
  'severity',
  'sha256',
  'source',
  'since',
  'state',
  'threshold',
  'tool',
  'valueHash',
])

/** Names of fields are the program's own; no text of an image becomes one. */
const OWN_NAME = /^[A-Za-z][A-Za-z0-9]{0,30}$/

interface KnownValue {
  readonly value: string
  readonly guessable: boolean
}

const inJson = (text: string): string => JSON.stringify(text).slice(1, -1)

/** The forms in which a value can stand in a text. */
function* formsOf(value: string): Generator<string> {
  yield value
  yield inJson(value)
  yield encodeURIComponent(value)
  const bytes = Buffer.from(value, 'utf8')
  yield bytes.toString('base64').replace(/={1,2}$/, '')
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

interface Form {
  readonly text: string
  readonly shown: string
}

/** Characters by which forms are looked up. */
const KEY = 3
const isWordCharacter = (c: string | undefined): boolean => c !== undefined && /[A-Za-z0-9]/.test(c)

/** Hides all known values in texts, in one walk over the text however many values there are. */
export class Redactor {
  /** What is shown for each form. */
  readonly #shown: ReadonlyMap<string, string>
  /** Lengths of the forms that begin with the same characters, the longest first: a value that holds another is hidden whole. */
  readonly #lengths: ReadonlyMap<string, readonly number[]>

  constructor(values: readonly KnownValue[]) {
    const shown = new Map<string, string>()
    for (const known of values) {
      for (const { value, guessable } of partsOf(known)) {
        if (value.trim().length < KEY) continue
        // `secret` is a password that everybody tries, and a word of every report: it is hidden where it is a password.
        if (isUsualPassword(value)) {
          shown.set(`:${value}@`, `:${HIDDEN}@`)
          continue
        }
        for (const form of formsOf(value)) if (!shown.has(form)) shown.set(form, form === value ? redactValue(value, guessable) : HIDDEN)
      }
    }
    const lengths = new Map<string, Set<number>>()
    for (const text of shown.keys()) {
      const key = text.slice(0, KEY)
      lengths.set(key, (lengths.get(key) ?? new Set()).add(text.length))
    }
    this.#shown = shown
    this.#lengths = new Map([...lengths].map(([key, own]) => [key, [...own].sort((x, y) => y - x)]))
  }

  /** The longest form that stands at a position. */
  #at(text: string, at: number): Form | null {
    for (const length of this.#lengths.get(text.slice(at, at + KEY)) ?? []) {
      const form = text.slice(at, at + length)
      const shown = this.#shown.get(form)
      if (shown !== undefined && standsAlone(text, at, form)) return { text: form, shown }
    }
    return null
  }

  /** The text with every known value hidden. */
  text(text: string): string {
    if (this.#shown.size === 0) return text
    let result = ''
    let copied = 0
    for (let at = 0; at + KEY <= text.length; at++) {
      const found = this.#at(text, at)
      if (found === null) continue
      // Values can overlap: whatever begins inside a hidden stretch is hidden to its own end.
      let end = at + found.text.length
      let { shown } = found
      for (let inside = at + 1; inside < end; inside++) {
        const other = this.#at(text, inside)
        if (other === null || inside + other.text.length <= end) continue
        end = inside + other.text.length
        shown = HIDDEN
      }
      result += text.slice(copied, at) + shown
      copied = end
      at = end - 1
    }
    return copied === 0 ? text : result + text.slice(copied)
  }

  /** All strings of a value of plain data, hidden; words of the report's own that programs read stay as they are. */
  data<T>(value: T): T {
    if (typeof value === 'string') return this.text(value) as T
    if (Array.isArray(value)) return value.map((item: unknown) => this.data(item)) as T
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [OWN_NAME.test(key) ? key : this.text(key), OWN_WORDS.has(key) ? item : this.data(item)])) as T
  }
}

/** Short values must be whole words: others would cut up the text around them. */
const standsAlone = (text: string, at: number, form: string): boolean => form.length >= ALONE_BELOW || (!isWordCharacter(text[at - 1]) && !isWordCharacter(text[at + form.length]))
