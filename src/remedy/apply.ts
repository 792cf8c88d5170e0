// The files of the checkout with a change made: line ends and everything that is not changed stay.
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
