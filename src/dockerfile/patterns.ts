// The words of an instruction as the builder reads them: quotes and escapes taken off, variables left open. What a variable
// held during the build is not known, so a word is a pattern: literal parts with anything between them.

/** Literal parts of a text; between two of them stands what a variable held. One part: no variable. */
export type Pattern = readonly string[]

/** The text when it has no variable, else null. */
export const literal = (pattern: Pattern): string | null => (pattern.length === 1 ? (pattern[0] ?? '') : null)

/** Whether a text can be the pattern with its variables filled in. */
export function fitsPattern(pattern: Pattern, text: string): boolean {
  const first = pattern[0] ?? ''
  const last = pattern.at(-1) ?? ''
  if (pattern.length === 1) return text === first
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false
  let at = first.length
  const end = text.length - last.length
  for (const part of pattern.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found === -1 || found + part.length > end) return false
    at = found + part.length
  }
  return true
}

/** Characters of `${…}`, with all that it holds. */
const MAX_VARIABLE = 4096

/** Where a variable that starts at `at` ends; `at` itself for a dollar sign that starts none. */
function variableEnd(text: string, at: number, closings: (text: string) => ReadonlyMap<number, number>): number {
  VARIABLE.lastIndex = at
  const name = VARIABLE.exec(text)
  if (name !== null) return at + name[0].length
  if (!text.startsWith('${', at)) return at
  const end = closings(text).get(at + 1)
  return end === undefined || end >= at + MAX_VARIABLE ? at : end + 1
}

const VARIABLE = /\$(?:[A-Za-z_]\w*|[0-9@*#?$!-])/y

/** Where each brace that opens is closed. */
function closingBraces(text: string): ReadonlyMap<number, number> {
  const closings = new Map<number, number>()
  const open: number[] = []
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '{') open.push(at)
    else if (text[at] === '}') {
      const start = open.pop()
      if (start !== undefined) closings.set(start, at)
    }
  }
  return closings
}

/**
 * Splits arguments into words at spaces outside quotes, each as a pattern.
 * @param escape the escape character of the file
 */
export function patternsOf(text: string, escapeCharacter: string): Pattern[] {
  const words: string[][] = []
  let closings: ReadonlyMap<number, number> | null = null
  const findClosings = (whole: string): ReadonlyMap<number, number> => (closings ??= closingBraces(whole))
  let parts: string[] | null = null
  let quote = ''
  const add = (part: string): void => {
    parts ??= ['']
    parts[parts.length - 1] += part
  }
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (quote === "'") {
      if (char === quote) quote = ''
      else add(char)
    } else if (char === quote && quote !== '') quote = ''
    else if (quote === '' && (char === "'" || char === '"')) {
      quote = char
      add('')
    } else if (char === escapeCharacter && at + 1 < text.length) {
      const next = text[at + 1] ?? ''
      if (quote === '"' && !['"', '$', escapeCharacter].includes(next)) add(char)
      add(next)
      at++
    } else if (char === '$') {
      const end = variableEnd(text, at, findClosings)
      if (end === at) add(char)
      else {
        parts ??= ['']
        parts.push('')
        at = end - 1
      }
    } else if (quote === '' && /\s/.test(char)) {
      if (parts !== null) words.push(parts)
      parts = null
    } else add(char)
  }
  if (parts !== null) words.push(parts)
  return words
}

/** Joins words with single spaces into one pattern. */
export function joinPatterns(words: readonly Pattern[]): Pattern {
  const parts: string[] = []
  for (const [index, [head = '', ...tail]] of words.entries()) {
    if (index === 0) parts.push(head)
    else parts[parts.length - 1] += ` ${head}`
    parts.push(...tail)
  }
  return parts
}

/** The words of the JSON form; null for the shell form. */
export function jsonWords(text: string): string[] | null {
  if (!text.trimStart().startsWith('[')) return null
  try {
    const parsed: unknown = JSON.parse(text)
    return Array.isArray(parsed) && parsed.every((word) => typeof word === 'string') ? parsed : null
  } catch {
    return null
  }
}

/** Spaces of any kind as single ones: what continuations and indentation differ in. */
export const squeeze = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** Words as written, quotes kept: for writing an instruction anew. */
export function rawWordsOf(text: string): string[] {
  return text.match(/(?:"(?:\\.|[^"\\])*"|'[^']*'|\\.|[^\s"'\\])+/gs) ?? []
}

/** Letters and digits alone: what no builder's quoting changes. */
export const letters = (text: string): string => text.replace(/[^\p{L}\p{N}]/gu, '')
