// .dockerignore as the builder reads it: patterns in order, the last that matches a path or a directory above it counts.
// https://docs.docker.com/build/concepts/context/#dockerignore-files
import { INVISIBLE } from '../characters.ts'

interface IgnorePattern {
  /** As written, without spaces around it. */
  readonly text: string
  /** Line in the file, from 1. */
  readonly line: number
  /** `!pattern` takes a path back in. */
  readonly isException: boolean
  readonly tokens: readonly Token[]
}

export type Dockerignore = readonly IgnorePattern[]

type Token =
  | { readonly kind: 'char'; readonly char: string }
  /** `*` and `?`: anything but a slash. `**`: anything. `**` and a slash: any directories, or none. */
  | { readonly kind: 'run' | 'one' | 'any' | 'directories' }
  | { readonly kind: 'class'; readonly not: boolean; readonly ranges: readonly (readonly [string, string])[] }

/** More is no pattern that a person writes. */
const MAX_PATTERN = 1024

function readClass(text: string, at: number): { token: Token; end: number } | null {
  let end = at + 1
  const not = text[end] === '^'
  if (not) end++
  const ranges: [string, string][] = []
  while (end < text.length && (text[end] !== ']' || ranges.length === 0)) {
    if (text[end] === '\\') end++
    const from = text[end] ?? ''
    if (text[end + 1] === '-' && text[end + 2] !== ']' && text[end + 2] !== undefined) {
      ranges.push([from, text[end + 2] ?? from])
      end += 3
    } else {
      ranges.push([from, from])
      end++
    }
  }
  return end >= text.length ? null : { token: { kind: 'class', not, ranges }, end }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = []
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? ''
    if (char === '*' && text[at + 1] === '*') {
      const rest = text.slice(at + 2)
      // A suffix: `**b` alone, without a slash and without another wildcard, ends names too.
      const isSuffix = at === 0 && !/^\/|[*?[\]\\]/.test(rest)
      at += rest.startsWith('/') ? 2 : 1
      tokens.push({ kind: at + 1 >= text.length || isSuffix ? 'any' : 'directories' })
    } else if (char === '*') tokens.push({ kind: 'run' })
    else if (char === '?') tokens.push({ kind: 'one' })
    else if (char === '[') {
      const found = readClass(text, at)
      if (found === null) tokens.push({ kind: 'char', char })
      else {
        tokens.push(found.token)
        at = found.end
      }
    } else if (char === '\\' && at + 1 < text.length) tokens.push({ kind: 'char', char: text[++at] ?? '' })
    else tokens.push({ kind: 'char', char })
  }
  return tokens
}

/** `./a//b/../c/` and `/a/c` are `a/c`; what leads out of the context stays, and matches nothing. */
function clean(pattern: string): string {
  const parts: string[] = []
  for (const part of pattern.split('/')) {
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else if (part !== '' && part !== '.' && (part !== '..' || !pattern.startsWith('/'))) parts.push(part)
  }
  return parts.join('/')
}

/** Reads the file. Lines that begin with `#` and empty ones say nothing. */
export function parseDockerignore(text: string): Dockerignore {
  return text
    .replace(/^\ufeff/, '')
    .split(/\r?\n/)
    .flatMap((whole, index): IgnorePattern[] => {
      const line = whole.trim()
      if (whole.startsWith('#') || line === '' || line.length > MAX_PATTERN) return []
      const isException = line.startsWith('!')
      const pattern = clean(isException ? line.slice(1).trim() : line)
      return pattern === '' ? [] : [{ text: line, line: index + 1, isException, tokens: tokensOf(pattern) }]
    })
}

const inClass = (char: string, { not, ranges }: Extract<Token, { kind: 'class' }>): boolean =>
  ranges.some(([from, to]) => from <= char && char <= to) !== not

/**
 * Whether a pattern matches a path or a directory above it. Follows all ways through the pattern at once: the time is at most the product
 * of both lengths, whatever the pattern is.
 */
function matches(tokens: readonly Token[], path: string): boolean {
  let states = new Set([0])
  /** Tokens that may stand for nothing. `directories` may only be left at the start or behind a slash. */
  const close = (set: Set<number>, isBoundary: boolean): Set<number> => {
    for (const state of set) {
      const kind = tokens[state]?.kind
      if (kind === 'run' || kind === 'any' || (kind === 'directories' && isBoundary)) set.add(state + 1)
    }
    return set
  }
  /** Inside `directories`: entered, and not yet behind a slash. */
  let inside = new Set<number>()
  states = close(states, true)
  for (const char of path) {
    if (char === '/' && states.has(tokens.length)) return true
    if (states.size === 0 && inside.size === 0) return false
    const next = new Set<number>()
    const nextInside = new Set<number>()
    for (const state of states) {
      const token = tokens[state]
      if (token === undefined) continue
      if (
        token.kind === 'char'
          ? token.char === char
          : token.kind === 'one'
            ? char !== '/'
            : token.kind === 'class' && char !== '/' && inClass(char, token)
      )
        next.add(state + 1)
      else if ((token.kind === 'run' && char !== '/') || token.kind === 'any') next.add(state)
      else if (token.kind === 'directories') (char === '/' ? next : nextInside).add(char === '/' ? state + 1 : state)
      if (token.kind === 'directories' && char === '/') nextInside.add(state)
    }
    for (const state of inside) {
      nextInside.add(state)
      if (char === '/') next.add(state + 1)
    }
    inside = nextInside
    states = close(next, false)
    // `**/` right behind another token can stand for nothing.
    for (const state of states) if (tokens[state]?.kind === 'directories') states.add(state + 1)
    states = close(states, false)
  }
  return states.has(tokens.length)
}

/**
 * The pattern that keeps a path out of the build context.
 * @param path relative to the context, with `/`
 * @returns null where the path is taken along
 */
export function ignoredBy(
  dockerignore: Dockerignore,
  path: string,
): { readonly pattern: string; readonly line: number } | null {
  let found: IgnorePattern | null = null
  for (const pattern of dockerignore) {
    if (pattern.isException === (found === null)) continue
    if (matches(pattern.tokens, path)) found = pattern.isException ? null : pattern
  }
  return found === null ? null : { pattern: found.text, line: found.line }
}

/** Whether a path below a directory could be taken back in although the directory is kept out. */
export const hasExceptions = (dockerignore: Dockerignore): boolean =>
  dockerignore.some(({ isException }) => isException)

/** Characters that nobody can type, halves of characters that stand for bytes (see `decodeName`), and blanks at an end, which Docker takes off. */
const UNTYPED = /[\x00-\x1f\x7f-\x9f\udc80-\udcff]|^ | $/gu

/** A path as the pattern that matches it, with all that lies below: alone, but for what stands in place of characters that cannot be typed. */
export const patternOf = (path: string): string =>
  path
    .replace(/\/$/, '')
    .replace(/([*?[\]\\])/g, '\\$1')
    .replace(/^([!#])/, '\\$1')
    .replace(UNTYPED, '?')
    .replace(INVISIBLE, '?')
