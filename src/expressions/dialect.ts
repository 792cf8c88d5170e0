// Patterns as people write them for other scanners (RE2, PCRE) in the words of ECMAScript: inline flags, POSIX classes, \A, \z, \Q…\E,
// (?P<name>…). What cannot be said in it is refused.
import { type AST, RegExpParser } from '@eslint-community/regexpp'

/** Why a pattern cannot be taken, in words for whoever wrote it: `… is no regular expression`. */
export class PatternError extends Error {}

const POSIX: Readonly<Record<string, string>> = {
  alnum: 'A-Za-z0-9',
  alpha: 'A-Za-z',
  ascii: '\\x00-\\x7f',
  blank: '\\t ',
  cntrl: '\\x00-\\x1f\\x7f',
  digit: '0-9',
  graph: '!-~',
  lower: 'a-z',
  print: ' -~',
  punct: '!-\\/:-@\\[-`{-~',
  space: '\\s',
  upper: 'A-Z',
  word: '\\w',
  xdigit: '0-9A-Fa-f',
}

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')

/** A class from its `[` on. @returns what it is in ECMAScript, and its length */
function classAt(pattern: string, start: number): { text: string; length: number } {
  let at = start + 1
  let text = '['
  if (pattern[at] === '^') {
    text += '^'
    at++
  }
  // A bracket that comes first stands for itself.
  if (pattern[at] === ']') {
    text += '\\]'
    at++
  }
  while (at < pattern.length && pattern[at] !== ']') {
    const posix = /^\[:(\w+):\]/.exec(pattern.slice(at, at + 12))
    if (posix !== null) {
      const inside = POSIX[posix[1] ?? '']
      if (inside === undefined) throw new PatternError(`${posix[0]} is no class of characters`)
      text += inside
      at += posix[0].length
    } else if (pattern[at] === '\\') {
      text += escapeAt(pattern, at).text
      at += escapeAt(pattern, at).length
    } else {
      text += pattern[at] === '[' ? '\\[' : pattern[at]
      at++
    }
  }
  if (at >= pattern.length) throw new PatternError('a class of characters does not end')
  return { text: `${text}]`, length: at + 1 - start }
}

/** An escape from its `\` on. */
function escapeAt(pattern: string, at: number): { text: string; length: number } {
  const next = pattern[at + 1] ?? ''
  if (next === '') throw new PatternError('it ends with a single \\')
  if (/[pPX]/.test(next)) throw new PatternError(`\\${next} is not taken: name the characters`)
  if (next === 'k' || /[1-9]/.test(next)) throw new PatternError('it refers back to what a group matched')
  const code = /^\\x\{([0-9A-Fa-f]{1,6})\}/.exec(pattern.slice(at, at + 12))
  if (code !== null) {
    const value = Number.parseInt(code[1] ?? '', 16)
    if (value > 0x7f) throw new PatternError(`${code[0]} is no ASCII character`)
    return { text: `\\x${value.toString(16).padStart(2, '0')}`, length: code[0].length }
  }
  if (next === 'A') return { text: '^', length: 2 }
  if (next === 'z' || next === 'Z') return { text: '$', length: 2 }
  if (next === 'a') return { text: '\\x07', length: 2 }
  if (next === 'Q') {
    const end = pattern.indexOf('\\E', at)
    const stop = end === -1 ? pattern.length : end
    return { text: literally(pattern.slice(at + 2, stop)), length: (end === -1 ? stop : stop + 2) - at }
  }
  // A letter that no dialect escapes stands for itself in one and for something else in another.
  if (/[A-Za-z]/.test(next) && !/[bBdDsSwWtnrfvxuc]/.test(next))
    throw new PatternError(`\\${next} is no escape that is known`)
  return { text: pattern.slice(at, at + 2), length: 2 }
}

/** `(?i)`, `(?i-s:` and the like, at a bracket. */
const FLAGS = /^\(\?([imsU]*(?:-[imsU]+)?)([:)])/

/** The pattern in ECMAScript, with flags as modifiers of groups. @throws PatternError */
function translated(pattern: string): string {
  let text = ''
  /** How many groups end where the one that is open does. */
  const open = [0]
  const closing = (): string => ')'.repeat(open.pop() ?? 0)
  for (let at = 0; at < pattern.length; ) {
    const c = pattern[at] ?? ''
    const flags = FLAGS.exec(pattern.slice(at, at + 16))
    if (c === '\\') {
      const { text: escaped, length } = escapeAt(pattern, at)
      text += escaped
      at += length
    } else if (c === '[') {
      const { text: inside, length } = classAt(pattern, at)
      text += inside
      at += length
    } else if (flags !== null) {
      if (/U/.test(flags[1] ?? '')) throw new PatternError('the flag U is not taken: write *? and +?')
      text += flags[1] === '' ? '(?:' : `(?${flags[1]}:`
      // Flags without a text of their own hold up to the end of the group around them.
      if (flags[2] === ')') open[open.length - 1] = (open.at(-1) ?? 0) + 1
      else open.push(0)
      at += flags[0].length
    } else if (pattern.startsWith('(?P<', at)) {
      text += '(?<'
      open.push(0)
      at += 4
    } else if (pattern.startsWith('(?P', at)) throw new PatternError('it refers back to what a group matched')
    else {
      if (c === '(') open.push(0)
      if (c === ')') {
        if (open.length === 1) throw new PatternError('a bracket closes what none opened')
        text += closing()
      }
      text += c
      at++
    }
  }
  return text + closing()
}

/** The syntax tree of a pattern. @throws PatternError where it is none */
export function parsePattern(pattern: string): AST.Pattern {
  const code = [...pattern].find((c) => c > '\x7f')
  if (code !== undefined)
    throw new PatternError(`${JSON.stringify(code)} is no ASCII character, and texts are searched byte by byte`)
  const source = translated(pattern)
  try {
    return new RegExpParser({ ecmaVersion: 2025 }).parsePattern(source, 0, source.length, { unicode: false })
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^.*\/: /, '') : String(error)
    throw new PatternError(`it is no regular expression: ${why}`)
  }
}
