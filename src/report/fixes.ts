// What `layergate fix` did with the files, for a person at a terminal. Values in lines that go and come are hidden.
import type { Finding } from '../finding/finding.ts'
import type { Difference } from '../outcome/compare.ts'
import { findingsWith } from '../outcome/fix.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { type Change, linesOf } from '../remedy/apply.ts'
import type { Fix } from '../remedy/remedy.ts'
import { renderDiff } from './difference.ts'
import { visible } from './escape.ts'
import { plural } from './phrases.ts'
import { wrap } from './wrap.ts'

/** What was done with the files. */
export type Mode = 'change' | 'dry-run' | 'patch'

/** A change that was taken back. */
export interface Refused {
  readonly fix: Fix
  /** Why, in words. */
  readonly why: string
  /** The last lines of the builder; none where it built. */
  readonly output: readonly string[]
}

/** One thing on lines of its own. */
const item = (text: string): string[] => wrap(visible(text), '  ', '    ')

export function changedLines({ redactor, report }: Outcome, changes: readonly Change[], mode: Mode): string[] {
  const lines = changes.flatMap((change) => {
    const verb = mode !== 'change' ? 'Would change' : change.before === null ? 'Wrote' : 'Changed'
    return [`${verb} ${visible(change.path)}:`, ...redactor.lines(linesOf(change)).map((line) => `  ${visible(line)}`)]
  })
  if (changes.length === 0) lines.push('Nothing to change.')
  for (const { code, message } of report.warnings)
    if (code === 'lines-not-known')
      lines.push(...wrap(visible(`${message} If it was changed since, build the image anew.`), '', '  '))
  return lines
}

export function buildLines(fixes: readonly Fix[]): string[] {
  const options = [...new Set(fixes.flatMap((fix) => fix.build))]
  return options.length === 0 ? [] : ['docker build then takes:', ...options.map((each) => `  ${visible(each)}`)]
}

export function leftLines(left: readonly Finding[]): string[] {
  if (left.length === 0) return []
  return [
    `${plural(left.length, 'finding')} without a certain change:`,
    ...left.flatMap((finding) => {
      const at = finding.dockerfile === null ? '' : `${finding.dockerfile.path}:${finding.dockerfile.startLine}: `
      return item(`${at}${finding.title} (${finding.ruleId}). ${finding.remedy}`)
    }),
  ]
}

const allGone = (count: number): string =>
  count === 1 ? 'the finding is' : count === 2 ? 'both findings are' : `all ${count} findings are`

/** That the image was built and scanned with the changes, and what else is different. */
export function provedLines({ report }: Outcome, kept: readonly Fix[], difference: Difference): string[] {
  const cured = findingsWith(report.findings, kept).filter(({ suppressed }) => suppressed === null)
  return [
    ...wrap(`Built and scanned before and after: ${allGone(cured.length)} gone, and there is no new one.`, '', '  '),
    '',
    ...renderDiff(difference, false).trimEnd().split('\n'),
    '',
  ]
}

export const refusedLines = ({ report, redactor }: Outcome, { fix, why, output }: Refused): string[] => [
  ...wrap(visible(`Taken back: the change of ${placesOf(report.findings, fix)}. ${why}`), '', '  '),
  ...redactor.lines(output).map((line) => `  ${visible(line)}`),
]

/** `Dockerfile:5 (npm token stays in the image)`: the findings that a change is for. */
const placesOf = (findings: readonly Finding[], fix: Fix): string =>
  findingsWith(findings, [fix])
    .map(
      ({ dockerfile, title }) => `${dockerfile === null ? '' : `${dockerfile.path}:${dockerfile.startLine}, `}${title}`,
    )
    .join('; ')
