// The change itself, as lines taken away and lines put in their place.
import type { Finding } from '../rules/finding.ts'
import type { Outcome } from './outcome.ts'

export interface FixPart {
  /** `Dockerfile:5`, `.dockerignore`, or the command. */
  readonly title: string
  /** Lines that go and lines that come, with `-` and `+` in front; none for the command. */
  readonly lines: readonly string[]
}

/** The parts of a finding's change, in the order in which they are made; none where no change is certain. */
export function fixParts({ source }: Outcome, { fix }: Finding): FixPart[] {
  if (fix === null) return []
  const old = (from: number, to: number): string[] => (source === null || source.path !== fix.path ? [] : source.lines.slice(from - 1, to).map((line) => `- ${line}`))
  return [
    ...fix.edits.map(({ startLine, endLine, lines }) => ({ title: `${fix.path}:${startLine}`, lines: [...old(startLine, endLine), ...lines.map((line) => `+ ${line}`)] })),
    ...(fix.ignore === null ? [] : [{ title: fix.ignore.path, lines: fix.ignore.patterns.map((pattern) => `+ ${pattern}`) }]),
    ...(fix.build.length === 0 ? [] : [{ title: `docker build ${fix.build.join(' ')} …`, lines: [] }]),
  ]
}
