// The one redactor: every text that leaves the program goes through it, with all values known in this run. It is also the only
// one that shortens a text: first it hides, then it cuts.
import { decodeText } from './checks.ts'
import { KnownRuns, MIN_RUN } from './known-runs.ts'
import { readingsOf } from './readings.ts'
import { isWordLike } from './word-like.ts'

/** What is shown in place of a password. */
export const HIDDEN = '•••'
/** Shorter values would cut up ordinary words; they are replaced where they stand alone. */
const ALONE_BELOW = 8
/** Shorter values are no values. */
const MIN_VALUE = 3
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

/** Fields that hold names which a person or a program gave, digests, and words of our own: no word in them is a password. */
const NAMES = new Set([
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
  'ignoredBy',
  'inside',
  'keyedHash',
  'kind',
  'name',
  'passed',
  'path',
  'patterns',
  'platform',
  'reference',
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

/** Fields that hold digests of our own, where they are of that form. */
const DIGESTS = new Set(['diffId', 'fingerprint', 'fingerprints', 'id', 'keyedHash', 'salt', 'sha256', 'valueHash'])
const DIGEST = /^(?:sha256:|hmac-sha256:)?[0-9a-f]{4,64}$/

/** Names of fields are the program's own; no text of an image becomes one. */
const OWN_NAME = /^[A-Za-z][A-Za-z0-9]{0,30}$/

export interface KnownValue {
  readonly value: string
  /** A password: nothing of it is shown. One that is a word is hidden only where it stands as a value. */
  readonly guessable: boolean
  /** Of a value that is a word, what stands in front of it where it is a value: `DB_PASSWORD`, `-p`. See `wordsBefore`. */
  readonly after?: readonly string[]
}

/** What may stand between a name and its value, and behind a value. */
const SEPARATORS = /["'`\s=:>,[\\({]{0,12}$/
const IN_FRONT = /["'`\s=:>,[\\({]/
const BEHIND = /["'`\s;|&),<>\]}@\\]/
/** An option that its value is glued to: `-pPASSWORD`. */
const GLUED = /(?:^|[\s"'])(-{1,2}[A-Za-z]{1,2})$/
const isWordCharacter = (c: string | undefined): boolean => c !== undefined && /[A-Za-z0-9]/.test(c)

/** What stands in front of a value: the word before it, or the option that it is glued to. null: no value can stand here. */
function wordBefore(text: string, at: number, length: number): string | null {
  const behind = text[at + length]
  if (behind !== undefined && !BEHIND.test(behind)) return null
  const before = text.slice(Math.max(0, at - 80), at)
  const last = before.at(-1)
  if (last !== undefined && !IN_FRONT.test(last)) return GLUED.exec(before)?.[1]?.toLowerCase() ?? null
  return /(?<![\w.$-])[\w.$-]*$/.exec(before.replace(SEPARATORS, ''))?.[0].toLowerCase() ?? ''
}

/** What stands in front of a value that is a word, wherever it is a value in the text that it was found in. */
export function wordsBefore(text: string, value: string): string[] {
  const found = new Set<string>()
  if (!isWordLike(value)) return []
  for (let at = text.indexOf(value); at !== -1 && found.size < 50; at = text.indexOf(value, at + 1)) {
    const word = wordBefore(text, at, value.length)
    if (word !== null && word !== '') found.add(word)
  }
  return [...found]
}

/** The values that a value carries: the password of a login in base64, the text behind escapes. */
function partsOf(known: KnownValue): KnownValue[] {
  const { value } = known
  const parts: KnownValue[] = [known]
  const login = value.length <= 4096 ? decodeText(value) : null
  const split = login?.indexOf(':') ?? -1
  if (login !== null && split > 0)
    parts.push(
      { value: login, guessable: true },
      { value: login.slice(split + 1), guessable: true, after: [login.slice(0, split).toLowerCase()] },
    )
  // What is escaped, or broken over lines, is found whatever the form in which it is quoted.
  if (value.length >= MIN_RUN)
    for (const { text } of readingsOf(value))
      if (text.length >= MIN_RUN && isReadable(text)) parts.push({ ...known, value: text })
  return parts
}

const isReadable = (text: string): boolean => !/[^\x20-\x7e\s]/.test(text)

/** A stretch of a text to hide. */
interface Stretch {
  readonly from: number
  to: number
  /** null: nothing of it may be shown. */
  shown: string | null
}

/** Characters by which short values are looked up. */
const keyOf = (text: string, at: number): number =>
  ((text.charCodeAt(at) * 31 + text.charCodeAt(at + 1)) * 31 + text.charCodeAt(at + 2)) & 0xffff

/** Characters of texts that are remembered: the path of a Dockerfile, or a long instruction, is quoted by a thousand findings. */
const MAX_REMEMBERED = 8 << 20

/** Hides all known values in texts, in a few walks over the text however many values there are. */
export class Redactor {
  readonly #values: readonly KnownValue[]
  /** Finds values in a text that may be cut, which nothing else may have looked at. */
  readonly #find: (text: string) => readonly KnownValue[]
  readonly #runs: KnownRuns
  /** Values of a few characters, by their first ones. */
  readonly #short = new Map<number, { value: string; shown: string }[]>()
  /** Values that are words, by their first characters, with what stands in front of them where they are values. */
  readonly #words = new Map<number, { value: string; after: Set<string> }[]>()
  readonly #remembered = new Map<string, string>()
  #room = MAX_REMEMBERED

  constructor(values: readonly KnownValue[], find: (text: string) => readonly KnownValue[] = () => []) {
    this.#values = values
    this.#find = find
    const long = new Map<string, string>()
    const seen = new Map<string, Set<string>>()
    for (const known of values) {
      for (const { value: given, guessable, after = [] } of partsOf(known)) {
        const value = given.trim()
        if (value.length < MIN_VALUE) continue
        if (guessable && isWordLike(value)) {
          const words = seen.get(value) ?? new Set()
          for (const word of after) words.add(word)
          if (!seen.has(value)) listed(this.#words, keyOf(value, 0)).push({ value, after: words })
          seen.set(value, words)
        } else if (value.length >= MIN_RUN) {
          if (!long.has(value)) long.set(value, redactValue(value, guessable))
        } else if (!seen.has(value)) {
          seen.set(value, new Set())
          listed(this.#short, keyOf(value, 0)).push({ value, shown: redactValue(value, guessable) })
        }
      }
    }
    this.#runs = new KnownRuns(long)
  }

  /** Another one that knows more values. */
  with(values: readonly KnownValue[]): Redactor {
    return values.length === 0 ? this : new Redactor([...this.#values, ...values], this.#find)
  }

  /** The text with every known value hidden. */
  text(text: string): string {
    return this.#hide(text, true)
  }

  /** The name of an image or a file: what is a word stays, also where it is somebody's password. */
  name(text: string): string {
    return this.#hide(text, false)
  }

  /**
   * The one way to shorten a text that comes from an image, a Dockerfile or a checkout: what is hidden is hidden first, also
   * what nobody has looked for in it yet.
   * @param most characters of the result
   * @param from `start` keeps the start, `end` the end; `words` cuts between words of the start
   */
  cut(text: string, most: number, from: 'start' | 'end' | 'words' = 'start'): string {
    const hidden = this.#once(`\x01${text}`, () => {
      const known = this.text(text)
      const found = this.#find(known)
      return found.length === 0 ? known : new Redactor(found).text(known)
    })
    if (hidden.length <= most) return hidden
    if (from === 'end') return `…${hidden.slice(1 - most)}`
    if (from === 'start') return `${hidden.slice(0, most - 1)}…`
    const end = hidden.lastIndexOf(' ', most)
    return end <= 0 ? '…' : `${hidden.slice(0, end)} …`
  }

  /** Lines of one text, each hidden; a value that goes over several is hidden in all of them. */
  lines(lines: readonly string[]): string[] {
    const text = lines.join('\n')
    const stretches = merged(this.#stretches(text, true))
    if (stretches.length === 0) return [...lines]
    const parts = stretches.flatMap(({ from, to, shown }) => {
      const breaks = [...text.slice(from, to).matchAll(/\n/g)].map(({ index }) => from + index)
      return [...breaks, to].map((end, index) => ({
        from: index === 0 ? from : (breaks[index - 1] ?? from) + 1,
        to: end,
        shown: index === 0 ? shown : null,
      }))
    })
    return replaceStretches(
      text,
      parts.filter(({ from, to }) => from < to),
    ).split('\n')
  }

  /** All strings of plain data, hidden; in fields that hold names, words stay. */
  data<T>(value: T): T {
    return this.#field('', value) as T
  }

  #field(key: string, value: unknown): unknown {
    if (typeof value === 'string')
      return DIGESTS.has(key) && DIGEST.test(value) ? value : this.#hide(value, !NAMES.has(key))
    if (Array.isArray(value))
      return key === 'lines' && isTexts(value)
        ? this.lines(value)
        : value.map((item: unknown) => this.#field(key, item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [
        OWN_NAME.test(name) ? name : this.text(name),
        this.#field(name, item),
      ]),
    )
  }

  #hide(text: string, words: boolean): string {
    if (text.length < MIN_VALUE || (this.#runs.isEmpty && this.#short.size === 0 && (!words || this.#words.size === 0)))
      return text
    const key = words ? text : `\0${text}`
    return this.#once(key, () => replaceStretches(text, merged(this.#stretches(text, words))))
  }

  /** Makes a text once, as long as there is room to remember it. */
  #once(key: string, make: () => string): string {
    const known = this.#remembered.get(key)
    if (known !== undefined) return known
    const made = make()
    this.#room -= key.length + made.length
    if (this.#room > 0) this.#remembered.set(key, made)
    return made
  }

  #stretches(text: string, words: boolean): Stretch[] {
    const found: Stretch[] = []
    for (const reading of readingsOf(text)) {
      for (const { from, to, shown } of [...this.#runs.in(reading.text), ...this.#exact(reading.text, words)]) {
        if (to <= from) continue
        found.push({ from: reading.start(from), to: reading.end(to - 1), shown: reading.isEncoded ? null : shown })
      }
    }
    return found
  }

  /** Short values, and words where they stand as values. */
  *#exact(text: string, words: boolean): Generator<Stretch> {
    if (this.#short.size === 0 && (!words || this.#words.size === 0)) return
    for (let at = 0; at + MIN_VALUE <= text.length; at++) {
      const key = keyOf(text, at)
      for (const { value, shown } of this.#short.get(key) ?? [])
        if (text.startsWith(value, at) && standsAlone(text, at, value)) yield { from: at, to: at + value.length, shown }
      if (!words) continue
      for (const { value, after } of this.#words.get(key) ?? [])
        if (text.startsWith(value, at) && isValueAt(text, at, value, after))
          yield { from: at, to: at + value.length, shown: HIDDEN }
    }
  }
}

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string')

function listed<T>(map: Map<number, T[]>, key: number): T[] {
  const known = map.get(key)
  if (known !== undefined) return known
  const list: T[] = []
  map.set(key, list)
  return list
}

/** Short values must be whole words: others would cut up the text around them. */
const standsAlone = (text: string, at: number, value: string): boolean =>
  value.length >= ALONE_BELOW || (!isWordCharacter(text[at - 1]) && !isWordCharacter(text[at + value.length]))

/** Whether a word is a value here: the password of a URL, or behind what stands in front of it where it was found. */
function isValueAt(text: string, at: number, value: string, after: ReadonlySet<string>): boolean {
  if (text[at - 1] === ':' && text[at + value.length] === '@') return true
  const word = wordBefore(text, at, value.length)
  return word !== null && after.has(word)
}

/** Stretches in their order; of those that overlap, which are one, nothing is shown. */
function merged(stretches: readonly Stretch[]): Stretch[] {
  const result: Stretch[] = []
  for (const stretch of stretches.toSorted((a, b) => a.from - b.from || b.to - a.to)) {
    const last = result.at(-1)
    if (last === undefined || stretch.from >= last.to) result.push({ ...stretch })
    else if (stretch.to > last.to) {
      last.to = stretch.to
      last.shown = null
    }
  }
  return result
}

/** Puts what is shown in the place of stretches. */
function replaceStretches(text: string, stretches: readonly Stretch[]): string {
  if (stretches.length === 0) return text
  let result = ''
  let copied = 0
  for (const { from, to, shown } of stretches) {
    result += text.slice(copied, from) + (shown ?? HIDDEN)
    copied = to
  }
  return result + text.slice(copied)
}
