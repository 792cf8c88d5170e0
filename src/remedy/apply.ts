// The files of the checkout with a change made: line ends and everything that is not changed stay.
import { createTwoFilesPatch } from 'diff'
import type { Edit } from './plan.ts'

/** The Dockerfile with the edits made. A line that comes ends as the one that it stands for. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const lines = text.split('\n')
  for (const { startLine, endLine, lines: own } of [...edits].sort((a, b) => b.startLine - a.startLine)) {
    const end = lines[startLine - 1]?.endsWith('\r') === true ? '\r' : ''
    lines.splice(startLine - 1, endLine - startLine + 1, ...own.map((line) => `${line}${end}`))
  }
  return lines.join('\n')
}

/** .dockerignore with the patterns that it does not have yet at its end. @param text null where there is no such file */
export function withPatterns(text: string | null, patterns: readonly string[]): string {
  const known = new Set((text ?? '').split(/\r?\n/).map((line) => line.trim()))
  const missing = patterns.filter((pattern) => !known.has(pattern))
  if (missing.length === 0) return text ?? ''
  const end = text?.includes('\r\n') === true ? '\r\n' : '\n'
  const start = text === null || text === '' || text.endsWith('\n') ? (text ?? '') : `${text}${end}`
  return `${start}${missing.join(end)}${end}`
}

/** A file and what it becomes. */
export interface Change {
  readonly path: string
  /** null: there is no such file yet. */
  readonly before: string | null
  readonly after: string
}

/** As `git apply` takes it. */
export const patchOf = (changes: readonly Change[]): string =>
  changes
    .map(({ path, before, after }) =>
      createTwoFilesPatch(before === null ? '/dev/null' : `a/${path}`, `b/${path}`, before ?? '', after).replace(
        /^=+\n/,
        '',
      ),
    )
    .join('')

/** Lines that go and lines that come, with the sign in front. Values in them are still to be hidden. */
export function linesOf({ before, after }: Change): string[] {
  const patch = createTwoFilesPatch('', '', before ?? '', after, undefined, undefined, { context: 0 })
  return patch
    .split('\n')
    .slice(4)
    .filter((line) => /^[+-]/.test(line))
    .map((line) => `${line.charAt(0)} ${line.substring(1)}`.trimEnd())
}
