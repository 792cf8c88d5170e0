// Patterns of paths that are written as regular expressions, as globs: `(?:^|/)\.env$` is `**/.env`.
import type { AST } from '@eslint-community/regexpp'
import { PatternError, parsePattern } from './dialect.ts'

/** Alternatives of one expression that become globs of their own, at most. */
const MAX_GLOBS = 50

/** What a piece of the expression is in globs, each a way to write it; null where none is. */
type Ways = readonly string[] | null

const isAny = (node: AST.Node): boolean => node.type === 'CharacterSet' && node.kind === 'any'

/** Everything that is not `/`. */
const isInName = (node: AST.Node): boolean => node.type === 'CharacterClass' && node.negate && node.raw.includes('/')

const SPECIAL = /[*?[\]{}()!+@\\]/

/** `^`, `$` and any text, as signs that no path has. */
const [START, END, ANY] = ['\u0001', '\u0002', '\u0003']

function waysOf(node: AST.Element | AST.QuantifiableElement): Ways {
  if (node.type === 'Character') {
    const text = String.fromCharCode(node.value)
    return [SPECIAL.test(text) ? `[${text}]` : text]
  }
  if (isAny(node)) return ['?']
  if (node.type === 'Assertion') return node.kind === 'start' ? [START] : node.kind === 'end' ? [END] : null
  if (node.type === 'Group' || node.type === 'CapturingGroup') {
    const all = node.alternatives.map(({ elements }) => sequence(elements))
    return all.some((ways) => ways === null) ? null : all.flatMap((ways) => ways ?? [])
  }
  if (node.type !== 'Quantifier') return null
  const { element, min, max } = node
  if (isInName(element) && min <= 1 && max === Number.POSITIVE_INFINITY) return [min === 1 ? '?*' : '*']
  // Any text, with its folders.
  if (isAny(element) && max === Number.POSITIVE_INFINITY) return [ANY]
  if (min === 0 && max === 1) {
    const ways = waysOf(element)
    return ways === null ? null : ['', ...ways]
  }
  return null
}

function sequence(elements: readonly AST.Element[]): Ways {
  let sum: string[] = ['']
  for (const element of elements) {
    const ways = waysOf(element)
    if (ways === null || ways.length * sum.length > MAX_GLOBS) return null
    sum = sum.flatMap((before) => ways.map((way) => before + way))
  }
  return sum
}

/** Any text where it stands, as globs: a star alone stops at a `/`. */
function spelled(way: string): string[] {
  const at = way.indexOf(ANY)
  if (at === -1) return [way]
  const [before, after] = [way.slice(0, at), way.slice(at + 1)]
  const isFolder = before === '' || before.endsWith('/')
  if (after === '' || after.startsWith('/')) {
    const rest = spelled(after)
    if (isFolder) return rest.map((text) => `${before}**${text}`)
    return rest.flatMap((text) => (after === '' ? [`${before}*`, `${before}*/**`] : [`${before}*/**${text}`]))
  }
  return spelled(after).flatMap((text) =>
    isFolder ? [`${before}**/*${text}`] : [`${before}*${text}`, `${before}*/**/*${text}`],
  )
}

/** A way as globs, with what may stand around it where the expression has no end. */
function finished(way: string): string[] | null {
  if (way.slice(1).includes(START) || way.slice(0, -1).includes(END)) return null
  const body = way.replace(START, '').replace(END, '')
  // The paths of an image start at its root, those of a repository anywhere in it.
  const isFolder = way.startsWith(START) || body.startsWith('/')
  const open = isFolder ? `**/${body.replace(/^\//, '')}` : `${ANY}${body}`
  return spelled(way.endsWith(END) ? open : `${open}${ANY}`).map((glob) =>
    glob.replaceAll('**/**/', '**/').replace(/^\*\*\/\*\*$/, '**'),
  )
}

/** An expression that is searched for in a path, as globs; null where it cannot be written so. */
export function globOf(expression: string): string | string[] | null {
  let alternatives: readonly AST.Alternative[]
  try {
    alternatives = parsePattern(expression).alternatives
  } catch (error) {
    if (error instanceof PatternError) return null
    throw error
  }
  const ways = alternatives.map(({ elements }) => sequence(elements))
  if (ways.some((each) => each === null)) return null
  const globs = ways.flat().map((way) => finished(way ?? ''))
  const unique = [...new Set(globs.flatMap((each) => each ?? []))]
  if (globs.includes(null) || unique.length === 0 || unique.length > MAX_GLOBS) return null
  return unique.length === 1 ? (unique[0] ?? null) : unique
}
