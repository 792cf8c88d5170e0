// How an issued credential is written, as one line that people read: `dop_v1_{hex:64}`. A form gives the literal at which
// the search starts, the pattern that is tried there, and examples.

/** Alphabets by name, as the inside of a character class. */
const ALPHABETS = {
  d: '0-9',
  hex: '0-9a-f',
  HEX: '0-9A-F',
  Hex: '0-9a-fA-F',
  a: 'a-z',
  A: 'A-Z',
  aA: 'A-Za-z',
  '32': 'A-Z2-7',
  '32l': 'a-z2-7',
  '36': 'a-z0-9',
  '36U': 'A-Z0-9',
  '58': '1-9A-HJ-NP-Za-km-z',
  '62': 'A-Za-z0-9',
  w: 'A-Za-z0-9_',
  '64': 'A-Za-z0-9_-',
  '64.': 'A-Za-z0-9_.-',
  '64~': 'A-Za-z0-9_.~-',
  '64=': 'A-Za-z0-9_=-',
  b64: 'A-Za-z0-9+/',
  'b64=': 'A-Za-z0-9+/=',
} as const

type Alphabet = keyof typeof ALPHABETS

/** Most characters of a part without an upper bound. */
const OPEN_END = 600
const UUID = '[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}'
const UUID_LENGTH = 36

interface Part {
  /** Source of a pattern. */
  readonly source: string
  /** Fixed text, null for a part that varies. */
  readonly text: string | null
  readonly min: number
  readonly max: number
  readonly alphabet: Alphabet | 'uuid' | null
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

function variablePart(inside: string): Part {
  if (inside === 'uuid') return { source: UUID, text: null, min: UUID_LENGTH, max: UUID_LENGTH, alphabet: 'uuid' }
  const match = /^(?<name>.+):(?<min>\d+)(?:(?<open>\+)|-(?<max>\d+))?$/.exec(inside)
  const { name = '', min = '', open, max } = match?.groups ?? {}
  if (!(name in ALPHABETS)) throw new RangeError(`a form has no part {${inside}}`)
  const alphabet = name as Alphabet
  const least = Number(min)
  const most = open !== undefined ? OPEN_END : Number(max ?? min)
  return {
    source: `[${ALPHABETS[alphabet]}]{${least === most ? least : `${least},${most}`}}`,
    text: null,
    min: least,
    max: most,
    alphabet,
  }
}

function partsOf(form: string): Part[] {
  return form
    .split(/(\{[^}]+\})/)
    .filter((piece) => piece !== '')
    .map((piece) =>
      /^\{[^}]+\}$/.test(piece)
        ? variablePart(piece.slice(1, -1))
        : { source: literally(piece), text: piece, min: piece.length, max: piece.length, alphabet: null },
    )
}

const longest = (parts: readonly Part[]): number => parts.reduce((total, { max }) => total + max, 0)

export interface CompiledForm {
  /** The longest fixed text: the search starts there. Empty where a form has none of three bytes. */
  readonly literal: string
  /** Source of the part in front of the literal, empty for none. */
  readonly before: string
  /** Source from the literal on. */
  readonly after: string
  /** Characters of tokens (`A-Za-z0-9_.+/=~-`) that follow the literal at least. */
  readonly run: number
  /** Characters behind the literal at most. */
  readonly max: number
}

const NO_TOKEN = /[^A-Za-z0-9_.+/=~%&#;-]/

function runOf(parts: readonly Part[]): number {
  let run = 0
  for (const { text, min } of parts) {
    const stop = text === null ? -1 : text.search(NO_TOKEN)
    if (stop !== -1) return run + stop
    run += min
  }
  return run
}

/**
 * Compiles a form: fixed text, `{alphabet:length}` with the alphabets above, `{alphabet:20-40}`, `{alphabet:20+}`, `{uuid}`.
 * @throws RangeError for an unknown alphabet, or more than 96 characters in front of the literal
 */
export function compileForm(form: string): CompiledForm {
  const parts = partsOf(form)
  let anchor = -1
  parts.forEach(({ text }, index) => {
    if (text !== null && text.length >= 3 && text.length > (parts[anchor]?.text?.length ?? 0)) anchor = index
  })
  // What stands at the start needs no look behind: it is taken unless another text is much longer.
  if ((parts[0]?.text?.length ?? 0) >= 3) anchor = 0
  const before = anchor <= 0 ? [] : parts.slice(0, anchor)
  const after = parts.slice(Math.max(0, anchor))
  if (longest(before) > 96) throw new RangeError(`${form}: more than 96 characters stand before the literal`)
  const literal = anchor === -1 ? '' : (parts[anchor]?.text ?? '')
  return {
    literal,
    before: before.map(({ source }) => source).join(''),
    after: after.map(({ source }) => source).join(''),
    run: runOf(after.slice(1)),
    max: longest(after) - literal.length,
  }
}

/** Source of a pattern for a whole form. */
export const formSource = (form: string): string =>
  partsOf(form)
    .map(({ source }) => source)
    .join('')

/** Longest text of a form. */
export const formLength = (form: string): number => longest(partsOf(form))

const LETTERS: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(ALPHABETS).map(([name, inside]) => {
    const pattern = new RegExp(`[${inside}]`)
    return [
      name,
      Array.from({ length: 95 }, (_, code) => String.fromCharCode(code + 32))
        .filter((c) => pattern.test(c))
        .join(''),
    ]
  }),
)

/**
 * A text of a form, the same for the same seed: examples are put together here, so that no file of ours holds one.
 * @param form text with parts in braces; other braces are left as they are
 */
export function fillForm(form: string, seed: number): string {
  let state = (seed * 2654435761 + 97) >>> 0
  const next = (below: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor((state / 2 ** 32) * below)
  }
  const text = (alphabet: string, length: number): string =>
    Array.from({ length }, () => alphabet[next(alphabet.length)] ?? '').join('')
  return form.replace(/\{(uuid|[\w.~=]+:\d+(?:\+|-\d+)?)\}/g, (_whole, inside: string) => {
    const { alphabet, min, max } = variablePart(inside)
    if (alphabet === 'uuid') return [8, 4, 4, 4, 12].map((length) => text('0123456789abcdef', length)).join('-')
    const length = max === OPEN_END ? min : Math.floor((min + max) / 2)
    const filled = text(LETTERS[alphabet ?? ''] ?? '', length)
    // A sign at an end would be taken for the text around it.
    return filled.replace(/^[-_.~+/=]/, 'b').replace(/[-_.~+/=]$/, 'c')
  })
}

const NAMES: Readonly<Record<Alphabet, string>> = {
  d: 'digits',
  hex: 'hex',
  HEX: 'HEX',
  Hex: 'hex of either case',
  a: 'lower-case letters',
  A: 'capital letters',
  aA: 'letters',
  '32': 'base32',
  '32l': 'lower-case base32',
  '36': 'lower-case letters and digits',
  '36U': 'capital letters and digits',
  '58': 'base58',
  '62': 'letters and digits',
  w: 'letters, digits and _',
  '64': 'base64url',
  '64.': 'base64url and .',
  '64~': 'base64url, . and ~',
  '64=': 'base64url and =',
  b64: 'base64',
  'b64=': 'base64 and =',
}

/** A form for people: `dop_v1_` 64 hex. */
export const describeForm = (form: string): string =>
  partsOf(form)
    .map(({ text, min, max, alphabet }) => {
      if (text !== null) return `\`${text}\``
      if (alphabet === 'uuid') return 'UUID'
      const count = max === OPEN_END ? `${min} or more` : min === max ? String(min) : `${min} to ${max}`
      return `${count} ${alphabet === null ? '' : NAMES[alphabet]}`
    })
    .join(' ')
