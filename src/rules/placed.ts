// A finding without a file or a secret: what most rules yield.

import type { DockerfileLines } from '../dockerfile/lines.ts'
import type { Owner } from '../dockerfile/origin.ts'
import type { Step } from '../evidence/steps.ts'
import type { Location } from '../finding/finding.ts'
import type { ShellCommand } from '../shell/script.ts'
import type { Draft, PlacedFinding, RuleMeta } from './rule.ts'

interface Simple {
  readonly message: string
  readonly remedy: string
  readonly location: Location
  readonly dockerfile: DockerfileLines | null
  readonly origin: Owner
  /** What names the place for the fingerprint. */
  readonly identity: readonly string[]
  readonly title?: string
  readonly severity?: PlacedFinding['severity']
  readonly confidence?: PlacedFinding['confidence']
  readonly related?: PlacedFinding['related']
}

/** Builds a finding of a rule, with the rule's own title, severity and confidence where none is given. */
export function placed(
  meta: RuleMeta,
  { title = meta.title, severity = meta.severity, confidence = meta.confidence, related = [], ...own }: Simple,
): Draft {
  const { identity, ...rest } = own
  const finding: PlacedFinding = {
    ruleId: meta.id,
    title,
    severity,
    confidence,
    related,
    file: null,
    secret: null,
    fix: null,
    ...rest,
  }
  return {
    places: [{ ruleId: meta.id, location: rest.location, origin: rest.origin, dockerfile: rest.dockerfile, identity }],
    seenFrom: () => finding,
    hashOf: null,
  }
}

type OnStep = Omit<Simple, 'location' | 'dockerfile' | 'origin'>

/** A finding on an instruction. */
export const onStep = (meta: RuleMeta, step: Step, own: OnStep): Draft =>
  placed(meta, { ...own, location: step.location, dockerfile: step.lines, origin: step.owner })

/** A finding on a command of a RUN: on its own lines, in a long RUN too. */
export const onCommand = (
  meta: RuleMeta,
  step: Step,
  { position, end }: Pick<ShellCommand, 'position' | 'end'>,
  own: OnStep,
): Draft =>
  placed(meta, { ...own, location: step.location, dockerfile: step.linesAt(position, end), origin: step.owner })
