// A shell that somebody else types into.
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { inFiles, inSteps } from './signs.ts'

const meta: RuleMeta = {
  id: 'reverse-shell',
  title: 'A reverse shell',
  description: 'A command, script or job of the image hands a shell to a network connection.',
  remedy: 'Take the image out of use, find out who brought it, and rebuild from a source that you trust.',
  severity: 'critical',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackShell, REFERENCES.attackProtocol],
  enabled: true,
}

const REMEDY =
  'Take the image out of use, and find out who brought it: layergate timeline IMAGE, layergate recover IMAGE PATH --to DIR. Rebuild from a source that you trust.'

export const reverseShell: BuildRule = {
  meta,
  *check(evidence) {
    yield* inSteps(meta, evidence, REMEDY)
    yield* inFiles(meta, evidence, { isMeant: () => true, remedy: REMEDY })
  },
}
