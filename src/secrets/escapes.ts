// Text that is written with escapes or in pieces: `\u003d`, `\/`, `%3D`, `"one" + "two"`, a line that goes on in the next.

/** Where one piece ends and the next begins: a continued line, a folded YAML text, joined strings. */
const JOINT = /\\\r?\n[ \t]{0,80}|["'`]\s{0,80}(?:[+.&,]\s{0,80}|\\\r?\n\s{0,80})?["'`]|\r?\n[ \t]{1,80}/y
/** `%DB_PASSWORD%` is a variable of Windows, no escape. JSON in JSON doubles its backslashes. */
const ESCAPE =
  /%(?<percent>[0-9A-Fa-f]{2})(?!\w{1,40}%(?![0-9A-Fa-f]{2}))|\\{1,3}(?:u00(?<unicode>[0-9A-Fa-f]{2})|x(?<hex>[0-9A-Fa-f]{2})|(?<sign>[/=+:#!"]))|&(?<entity>amp|quot|apos|lt|gt|#x?[0-9A-Fa-f]{1,4});/y
/** What each escape starts with, and something of what follows. */
const ANY_ESCAPE = /%[0-9A-Fa-f]{2}|\\[ux/=+:#!"\\]|&[aqlg#]/
const NEXT_ESCAPE = /[%\\&]/g

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', quot: '"', apos: "'", lt: '<', gt: '>' }

/** What one escape stands for. */
function charOf({ percent, unicode, hex, sign, entity }: Readonly<Record<string, string | undefined>>): string {
  const code = percent ?? unicode ?? hex
  if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16))
  if (sign !== undefined) return sign
  const named = ENTITIES[entity ?? '']
  if (named !== undefined) return named
  const number = (entity ?? '').replace('#', '')
  return String.fromCharCode(number.startsWith('x') ? Number.parseInt(number.slice(1), 16) : Number.parseInt(number, 10))
}

export interface Unescaped {
  readonly text: string
  /** For each character of `text`, and one past its end, where it stands in the original. */
  readonly at: readonly number[]
}

/** Decodes escapes; with `joints`, puts pieces together too. */
export function unescapeText(original: string, joints: boolean): Unescaped {
  let text = ''
  const at: number[] = []
  for (let i = 0; i < original.length; ) {
    if (joints) {
      JOINT.lastIndex = i
      const joint = JOINT.exec(original)
      if (joint !== null) {
        i += joint[0].length
        continue
      }
    }
    if (!joints) {
      NEXT_ESCAPE.lastIndex = i
      const next = NEXT_ESCAPE.exec(original)?.index ?? original.length
      text += original.slice(i, next)
      while (i < next) at.push(i++)
      if (i >= original.length) break
    }
    ESCAPE.lastIndex = i
    const escaped = ESCAPE.exec(original)
    at.push(i)
    text += escaped === null ? (original[i] ?? '') : charOf(escaped.groups ?? {})
    i += escaped === null ? 1 : escaped[0].length
  }
  at.push(original.length)
  return { text, at }
}

/** Whether a text may hold escapes. */
export const hasEscape = (text: string): boolean => ANY_ESCAPE.test(text)

/** Whether what stands at a position goes on in another piece, or behind an escape. */
export function goesOn(text: string, position: number): boolean {
  for (const pattern of [JOINT, ESCAPE]) {
    pattern.lastIndex = position
    if (pattern.test(text)) return true
  }
  return false
}

/** An escape, or the end of a colour code of terminals, that ends with a letter or digit. */
const ESCAPE_BEFORE = /(?:\\[nrtbfv0]|%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}|(?:\x1b|\\e|\\033)\[[0-9;]{0,8}m)$/

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
