import { z } from 'zod'
import type { BuildEvidence } from '../evidence/evidence.ts'
import { matchesReference } from '../image/reference-pattern.ts'
import { placed } from './placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from './rule.ts'

const meta: RuleMeta = {
  id: 'base-not-allowed',
  title: 'The base image is not allowed',
  description: 'The base image is not on the allow list of the policy, or is on its deny list.',
  remedy: 'Build on a base image that the policy allows.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis42, REFERENCES.owaspSupplyChain],
  enabled: true,
}

const options = z.object({
  allow: z.array(z.string()).default([]).describe('patterns of base images that may be used; empty: all'),
  deny: z.array(z.string()).default([]).describe('patterns of base images that may not be used'),
})
type Options = z.output<typeof options>

export const baseNotAllowed: BuildRule<Options> = {
  meta,
  options,
  *check({ base }: BuildEvidence, { allow, deny }) {
    if (base === null) return
    const denied = deny.find((pattern) => matchesReference(pattern, base))
    const isAllowed = allow.length === 0 || allow.some((pattern) => matchesReference(pattern, base))
    if (denied === undefined && isAllowed) return
    yield placed(meta, {
      message:
        denied === undefined ? `The base image ${base.reference} is not on the allow list (${allow.join(', ')}).` : `The base image ${base.reference} is denied by ${denied}.`,
      remedy: allow.length === 0 ? 'Build on another base image.' : `Build on one of: ${allow.join(', ')}.`,
      location: { kind: 'image' },
      dockerfile: base.lines,
      origin: 'own',
      identity: ['base'],
    })
  },
}
