import { z } from 'zod'
import type { Evidence } from '../evidence/evidence.ts'
import { placed } from './placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from './rule.ts'

const meta: RuleMeta = {
  id: 'base-unknown',
  title: 'The base image is not known',
  description: 'The policy has an allow list of base images, and nothing tells which base image this one has.',
  remedy: 'Give the Dockerfile that the image was built from, or build with provenance.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis42],
  enabled: true,
}

const options = z.object({
  allow: z.array(z.string()).default([]).describe('the allow list; by default that of base-not-allowed'),
})

export const baseUnknown: Rule<z.output<typeof options>> = {
  meta,
  options,
  *check({ origin }: Evidence, { allow }) {
    const builtFromScratch = origin.reason === null && origin.layers.every(({ owner }) => owner === 'own')
    if (allow.length === 0 || origin.base !== null || builtFromScratch) return
    yield placed(meta, {
      message: `The policy allows only certain base images, and the base of this image is not known${origin.reason === null ? '' : `: ${origin.reason}`}.`,
      remedy: meta.remedy,
      location: { kind: 'image' },
      dockerfile: null,
      origin: 'own',
      identity: ['base'],
    })
  },
}
