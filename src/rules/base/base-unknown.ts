import * as z from 'zod'
import type { BuildEvidence } from '../../evidence/evidence.ts'
import { placed } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'base-unknown',
  title: 'The base image is not known',
  description:
    'The policy has an allow list of base images, and nothing tells which base image this one has, or which image a COPY or RUN takes files from.',
  remedy: 'Name the Dockerfile that the image was built from, or build with provenance.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis42],
  enabled: true,
}

const options = z.object({
  allow: z.array(z.string()).default([]).describe('the allow list; by default that of base-not-allowed'),
})

/** Why the base of an image is not known; null where it is, or where there is none. */
function unknownBase({ built, base, origin }: BuildEvidence): string | null {
  if (base !== null)
    return base.doubt === null ? null : `it may be ${base.reference}, but nothing sure says so (${base.doubt})`
  if (built === null) return null
  const { reason, baseReason, layers } = origin
  const builtFromScratch = reason === null && baseReason === null && layers.every(({ owner }) => owner === 'own')
  return builtFromScratch ? null : (reason?.text ?? baseReason?.text ?? 'its FROM names none')
}

export const baseUnknown: BuildRule<z.output<typeof options>> = {
  meta,
  options,
  *check(evidence: BuildEvidence, { allow }) {
    if (allow.length === 0) return
    const why = unknownBase(evidence)
    if (why !== null)
      yield placed(meta, {
        message: `The policy allows only certain base images, and the base of this image is not known: ${why}.`,
        remedy: meta.remedy,
        location: { kind: 'image' },
        dockerfile: null,
        origin: 'own',
        identity: ['base'],
      })
    for (const { use, keyword, reference, isOpen, lines } of evidence.takenFrom) {
      if (!isOpen || use === 'stage') continue
      yield placed(meta, {
        title: use === 'base' ? meta.title : 'An image that files come from is not known',
        message: `The policy allows only certain images, and what ${keyword} ${use === 'base' ? reference : `takes from ${reference}`} names only the arguments of the build tell.`,
        remedy:
          use === 'base'
            ? 'Give the argument a default that is allowed, or write the image into FROM.'
            : `Write the image, or a stage, into ${keyword === 'RUN' ? 'from=' : '--from='}: builders fill in no variable there.`,
        location: { kind: 'image' },
        dockerfile: lines,
        origin: 'own',
        identity: [use, reference],
      })
    }
  },
}
