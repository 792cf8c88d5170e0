// A program that earns for somebody else.
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { inFiles, inSteps } from './signs.ts'

const meta: RuleMeta = {
  id: 'crypto-miner',
  title: 'A crypto miner',
  description: 'The image holds a miner, its settings, or the address of a mining pool.',
  remedy: 'Take it out, find out who brought it, and rebuild from a source that you trust.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.attackHijacking],
  enabled: true,
}

const REMEDY =
  'Take it out, and find out who brought it: layergate timeline IMAGE. Rebuild from a source that you trust.'

export const cryptoMiner: BuildRule = {
  meta,
  *check(evidence) {
    yield* inSteps(meta, evidence, REMEDY)
    yield* inFiles(meta, evidence, { isMeant: () => true, remedy: REMEDY })
  },
}
