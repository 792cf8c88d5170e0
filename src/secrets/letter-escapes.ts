// Escapes of characters that nobody has to escape: letters, digits, `_` and `-`; and of the sign between a name and its value. A token that is written with one has no literal
// that the search finds, so these escapes are searched for themselves, and what stands around one is read with escapes undone.
import type { LiteralSpec } from './detector.ts'

const CODES = Array.from({ length: 0x7b }, (_, code) => code).filter((code) =>
  /[A-Za-z0-9_-]/.test(String.fromCharCode(code)),
)

const each = (front: string, digits: string): string[] => [...digits].map((digit) => front + digit)

/** What such an escape begins with: URLs, JSON, JavaScript, C, Python, and HTML. */
export const LETTER_ESCAPES: readonly LiteralSpec[] = [
  ...CODES.map((code) => ({ text: `%${code.toString(16)}`, ignoreCase: true })),
  ...['\\x2d', '\\u002d', '%3d', '%3a'].map((text) => ({ text, ignoreCase: true })),
  ...each('\\x', '34567').map((text) => ({ text, ignoreCase: true })),
  ...[
    ...each('\\u00', '34567'),
    '\\u{',
    '\\U000000',
    '\\055',
    ...each('\\0', '67'),
    ...each('\\1', '01234567'),
    '&#x',
    '&#X',
    ...each('&#', '0456789'),
    '&#1',
    '&lowbar;',
    '&hyphen;',
  ].map((text) => ({ text })),
]

/** A part of a mail says that what follows is quoted-printable. */
export const PRINTABLE: LiteralSpec = { text: 'quoted-printable', ignoreCase: true }

/** Bytes of the longest of these escapes, and a little more. */
const LONGEST = 14
/** The escape of a letter, and what goes on behind it. */
const ESCAPE =
  /^(?:%([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})|\\u(?:00([0-9A-Fa-f]{2})|\{0{0,4}([0-9A-Fa-f]{2})\})|\\U000000([0-9A-Fa-f]{2})|\\(0[5-7][0-7]|1[0-7]{2})|&#[xX]0{0,4}([0-9A-Fa-f]{2});|&#0{0,4}([0-9]{2,3});|&(?:lowbar|hyphen);)/
/** The base of the number in each group of the pattern. */
const BASES = [16, 16, 16, 16, 16, 8, 16, 10]

const isWord = (byte: number | undefined): boolean =>
  byte !== undefined &&
  ((byte >= 48 && byte <= 57) || (byte >= 65 && byte <= 90) || byte === 95 || (byte >= 97 && byte <= 122))
const isHexDigit = (byte: number | undefined): boolean =>
  byte !== undefined && ((byte >= 48 && byte <= 57) || ((byte | 32) >= 97 && (byte | 32) <= 102))
/** A letter or digit, or the sign that another escape begins or ends with. */
const goesOn = (byte: number | undefined): boolean =>
  isWord(byte) || byte === 37 || byte === 38 || byte === 92 || byte === 59

/** Characters of the shortest value that is looked at behind an escaped sign. */
const MIN_VALUE = 12

/** Whether something long enough to be a value stands at a place. */
function isValue(window: Buffer, position: number): boolean {
  for (let at = position; at < position + MIN_VALUE; at++) {
    const byte = window[at]
    if (!goesOn(byte) && byte !== 43 && byte !== 45 && byte !== 46 && byte !== 47) return false
  }
  return true
}

/**
 * Whether at a place of the window a letter is escaped that is part of a word. A lone one, such as the `%4d` of a format or an end
 * of a range, is none.
 */
export function escapesLetter(window: Buffer, position: number): boolean {
  // A percent sign in front of no number, which most are.
  if (window[position] === 37 && (!isHexDigit(window[position + 1]) || !isHexDigit(window[position + 2]))) return false
  const text = window.toString('latin1', position, position + LONGEST)
  const match = ESCAPE.exec(text)
  if (match === null) return false
  const group = BASES.findIndex((_, index) => match[index + 1] !== undefined)
  const character = group === -1 ? '_' : String.fromCharCode(Number.parseInt(match[group + 1] ?? '', BASES[group]))
  if (/[=:]/.test(character)) return isWord(window[position - 1]) && isValue(window, position + match[0].length)
  if (!/[A-Za-z0-9_-]/.test(character)) return false
  return goesOn(window[position - 1]) || goesOn(window[position + match[0].length])
}

/** Bytes in front of such an escape and behind it in which a secret may stand that it is part of. */
const BEFORE = 512
const BEHIND = 4096

const NO_STRETCHES: readonly { readonly from: number; readonly to: number }[] = []

/** The stretches of a window to read with escapes undone. @param places in order */
export function stretchesAround(
  places: readonly number[],
  length: number,
): readonly { readonly from: number; readonly to: number }[] {
  if (places.length === 0) return NO_STRETCHES
  const stretches: { from: number; to: number }[] = []
  for (const place of places) {
    const last = stretches.at(-1)
    const from = Math.max(0, place - BEFORE)
    const to = Math.min(length, place + BEHIND)
    if (last !== undefined && from <= last.to) last.to = Math.max(last.to, to)
    else stretches.push({ from, to })
  }
  return stretches
}
