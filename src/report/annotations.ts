// Annotations on the Dockerfile's lines. The platform shows ten errors, ten warnings and ten notices of a step.
import type { Finding } from '../finding/finding.ts'
import type { Outcome } from '../outcome/outcome.ts'
import { visible } from './escape.ts'
import { factsOf, failingFirst, hiddenBy, inherited, otherPlacesText, sourceLine, verbOf } from './phrases.ts'
import { isMild } from './verdict.ts'

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice'
  readonly title: string
  readonly message: string
  readonly file: string | null
  readonly startLine: number | null
  readonly endLine: number | null
}

const MAX_OF_A_KIND = 10
/** Longer messages are cut by the platform's view. */
const MAX_MESSAGE = 900
/** Other places of a value that are named. */
const MAX_PLACES = 3
/** Characters of the instruction that hides a file. */
const MAX_SOURCE = 60

function levelOf(finding: Finding, { report }: Outcome): Annotation['level'] {
  if (finding.fails) return isMild(report) ? 'warning' : 'error'
  return finding.severity === 'low' ? 'notice' : 'warning'
}

function messageOf(outcome: Outcome, finding: Finding): string {
  const hidden = hiddenBy(finding)
  const detail = [
    finding.ruleId,
    ...(finding.secret === null || finding.secret.redacted === '•••' ? [] : [finding.secret.redacted]),
    ...factsOf(outcome, finding),
  ].join(', ')
  const { location } = finding
  const others = otherPlacesText(finding, MAX_PLACES)
  const also = others === '' ? '' : ` Also in ${others}.`
  if (finding.secret === null || location.kind !== 'layer')
    return `${finding.message}${also} ${finding.remedy} (${detail})`
  const inside = location.inside === undefined ? '' : ` (in ${location.inside})`
  const where = `${location.path}${inside}${location.line === null ? '' : ` line ${location.line}`} is in layer ${location.layer}${finding.dockerfile === null ? '' : finding.origin === 'base' ? `, ${inherited(finding, 'base image')}` : ', added by this line'}.`
  const source = sourceLine(outcome, hidden?.dockerfile ?? null)
  const hiding =
    hidden?.location.kind !== 'layer'
      ? ''
      : ` ${hidden.dockerfile === null ? `Layer ${hidden.location.layer}` : `Line ${hidden.dockerfile.startLine}${source === null ? '' : ` (${outcome.redactor.cut(source, MAX_SOURCE)})`}`} ${verbOf(hidden.role)} it but does not erase it: anyone who can pull the image can read it.`
  return `${where}${hiding}${also} ${finding.remedy} (${detail})`
}

/** The annotations of one image, the worst first; what goes beyond the platform's limits, and what was known before, is counted. */
export function toAnnotations(outcome: Outcome): {
  readonly annotations: readonly Annotation[]
  readonly left: number
} {
  // One notice is kept for what is left, one for what could not be posted.
  const room = { error: MAX_OF_A_KIND, warning: MAX_OF_A_KIND, notice: MAX_OF_A_KIND - 2 }
  const annotations: Annotation[] = []
  let left = 0
  for (const finding of failingFirst(outcome.report)) {
    const level = levelOf(finding, outcome)
    if (room[level]-- <= 0) {
      left++
      continue
    }
    // A file that is another than the one that was built is not annotated.
    const at = finding.dockerfile?.changed === true ? null : finding.dockerfile
    const message = visible(
      `${messageOf(outcome, finding)}${finding.dockerfile?.changed === true ? ` (line ${finding.dockerfile.startLine} of ${finding.dockerfile.path} as it was built)` : ''}`,
    )
    annotations.push({
      level,
      title: visible(finding.title),
      message: outcome.redactor.cut(message, MAX_MESSAGE),
      file: at?.path ?? null,
      startLine: at?.startLine ?? null,
      endLine: at?.endLine ?? null,
    })
  }
  for (const { message } of outcome.report.warnings) {
    if (room.warning-- <= 0) left++
    else
      annotations.push({
        level: 'warning',
        title: 'Layergate',
        message: visible(message),
        file: null,
        startLine: null,
        endLine: null,
      })
  }
  return { annotations, left }
}
