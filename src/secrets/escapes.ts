// Text that is written with escapes or in pieces: `\u003d`, `\/`, `%3D`, `"one" + "two"`, a line that goes on in the next.

/** Where one piece ends and the next begins: a continued line, a soft line break of quoted-printable, a folded YAML text, joined strings. */
const JOINT = /\\\r?\n[ \t]{0,80}|=\r?\n|["'`]\s{0,80}(?:[+.&,]\s{0,80}|\\\r?\n\s{0,80})?["'`]|\r?\n[ \t]{1,80}/y
/** `%DB_PASSWORD%` is a variable of Windows, no escape. JSON in JSON doubles its backslashes. */
const ESCAPE =
  /%(?<percent>[0-9A-Fa-f]{2})(?!\w{1,40}%(?![0-9A-Fa-f]{2}))|\\{1,3}(?:u00(?<unicode>[0-9A-Fa-f]{2})|x(?<hex>[0-9A-Fa-f]{2})|u\{0{0,4}(?<point>[0-9A-Fa-f]{2})\}|U000000(?<wide>[0-9A-Fa-f]{2})|(?<octal>0[0-7]{2}|1[0-7]{2})|(?<sign>[/=+:#!"]))|&(?<entity>amp|quot|apos|lt|gt|lowbar|hyphen|#x0{0,4}[0-9A-Fa-f]{1,4}|#0{0,4}[0-9]{1,4});/y
/** What each escape starts with, and something of what follows. */
const ANY_ESCAPE = /%[0-9A-Fa-f]{2}|\\[uxU01/=+:#!"\\]|&[aqlgh#]/
const NEXT_ESCAPE = new RegExp(ANY_ESCAPE, 'g')
const NEXT_ESCAPE_OR_JOINT = new RegExp(`${ANY_ESCAPE.source}|[\\\\="'\`\\r\\n]`, 'g')

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  quot: '"',
  apos: "'",
  lt: '<',
  gt: '>',
  lowbar: '_',
  hyphen: '-',
}

/** What one escape stands for. */
function charOf({
  percent,
  unicode,
  hex,
  point,
  wide,
  octal,
  sign,
  entity,
}: Readonly<Record<string, string | undefined>>): string {
  const code = percent ?? unicode ?? hex ?? point ?? wide
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8))
  if (sign !== undefined) return sign
  const named = ENTITIES[entity ?? '']
  if (named !== undefined) return named
  const number = (entity ?? '').replace('#', '')
  return String.fromCharCode(
    number.startsWith('x') ? Number.parseInt(number.slice(1), 16) : Number.parseInt(number, 10),
  )
}

/** A text with its escapes undone, and where each of its characters stood. */
export class Unescaped {
  readonly text: string
  /** Places in the text and in the original, in pairs: from each on, both go on side by side to the next. */
  readonly #stops: readonly number[]

  constructor(text: string, stops: readonly number[]) {
    this.text = text
    this.#stops = stops
  }

  /** Where in the original a character of the text stands; for one past its end, where the original ends. */
  original(index: number): number {
    const stop = this.#stopOf(index, 0)
    return (this.#stops[stop + 1] ?? 0) + index - (this.#stops[stop] ?? 0)
  }

  /** The first character of the text that does not stand in front of a place of the original. */
  indexOf(place: number): number {
    const stop = this.#stopOf(place, 1)
    return Math.min(
      (this.#stops[stop] ?? 0) + place - (this.#stops[stop + 1] ?? 0),
      this.#stops[stop + 2] ?? this.text.length,
    )
  }

  /** The last pair whose first (0) or second (1) number is not above a value. */
  #stopOf(value: number, side: 0 | 1): number {
    let [low, high] = [0, this.#stops.length / 2 - 1]
    while (low < high) {
      const middle = Math.ceil((low + high) / 2)
      if ((this.#stops[2 * middle + side] ?? 0) <= value) low = middle
      else high = middle - 1
    }
    return 2 * low
  }
}

/** Decodes escapes; with `joints`, puts pieces together too. */
export function unescapeText(original: string, joints: boolean): Unescaped {
  const stops = [0, 0]
  const seek = joints ? NEXT_ESCAPE_OR_JOINT : NEXT_ESCAPE
  let text = ''
  let copied = 0
  seek.lastIndex = 0
  for (let sought = seek.exec(original); sought !== null; sought = seek.exec(original)) {
    const { index } = sought
    JOINT.lastIndex = index
    const joint = joints ? JOINT.exec(original) : null
    ESCAPE.lastIndex = index
    const escaped = joint === null ? ESCAPE.exec(original) : null
    const found = joint ?? escaped
    if (found === null) continue
    text += original.slice(copied, index) + (escaped === null ? '' : charOf(escaped.groups ?? {}))
    copied = index + found[0].length
    stops.push(text.length, copied)
    seek.lastIndex = copied
  }
  return new Unescaped(text + original.slice(copied), stops)
}

/** Decodes quoted-printable: `=3D`, and lines that `=` at their end joins. RFC 2045, section 6.7 */
export function unquotePrintable(original: string): Unescaped {
  const stops = [0, 0]
  let text = ''
  let copied = 0
  for (const { 0: found, 1: code, index } of original.matchAll(/=(?:([0-9A-Fa-f]{2})|[ \t]{0,8}\r?\n)/g)) {
    text += original.slice(copied, index) + (code === undefined ? '' : String.fromCharCode(Number.parseInt(code, 16)))
    copied = index + found.length
    stops.push(text.length, copied)
  }
  return new Unescaped(text + original.slice(copied), stops)
}

/** Whether a text may hold escapes. */
export const hasEscape = (text: string): boolean => ANY_ESCAPE.test(text)

/** Whether what stands at a position goes on in another piece, or behind the escape of a sign; an escaped letter is found by itself. */
export function goesOn(text: string, position: number): boolean {
  JOINT.lastIndex = position
  if (JOINT.test(text)) return true
  ESCAPE.lastIndex = position
  const escaped = ESCAPE.exec(text)
  return escaped !== null && !/[A-Za-z0-9_-]/.test(charOf(escaped.groups ?? {}))
}

/** An escape, or the end of a colour code of terminals, that ends with a letter or digit. */
const ESCAPE_BEFORE =
  /(?:\\[nrtbfv0]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|(?:\x1b|\\e|\\033)\[[0-9;]{0,8}m)$/

/**
 * Whether a value stands alone: no letter, digit or `_` before it, but for an escape, or in a program's bytes the length of
 * the string in one byte, as Python and Java write it.
 * @param length null before it is known: whether any length could stand here
 */
export function standsAlone(text: string, start: number, length: number | null, isText: boolean): boolean {
  const before = text.charCodeAt(start - 1)
  if (!isWord(before)) return true
  if (!isText && (length === null || before === (length & 255)) && isLengthByte(text, start - 1)) return true
  return ESCAPE_BEFORE.test(text.slice(Math.max(0, start - 12), start))
}

/** `NaN`, in front of the first character, is none. */
const isWord = (c: number): boolean => (c >= 48 && c <= 57) || (c >= 65 && c <= 90) || c === 95 || (c >= 97 && c <= 122)

/** In front of a length stands a byte of another kind: of Python's marshal `z` or `Z`, else no letter or digit. */
const isLengthByte = (text: string, at: number): boolean => {
  const before = text.charCodeAt(at - 1)
  return !isWord(before) || before === 122 || before === 90
}
