import * as z from 'zod'
import type { BuildEvidence } from '../../evidence/evidence.ts'
import { matchesReference } from '../../image/reference-pattern.ts'
import { placed } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'base-not-allowed',
  title: 'The base image is not allowed',
  description:
    'A base image, or an image that the build copies from or mounts, is not on the allow list of the policy, or is on its deny list.',
  remedy: 'Build on a base image that the policy allows, and take files from no other.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis42, REFERENCES.owaspSupplyChain],
  enabled: true,
  hadolint: ['DL3026'],
}

const options = z.object({
  allow: z.array(z.string()).default([]).describe('patterns of base images that may be used; empty: all'),
  deny: z.array(z.string()).default([]).describe('patterns of base images that may not be used'),
  stages: z
    .enum(['final', 'all'])
    .default('final')
    .describe('final: the base of the image and what is copied or mounted; all: the FROM of every build stage too'),
})
type Options = z.output<typeof options>

const USES = { base: 'The base image', content: 'The image', stage: 'The image of a build stage,' } as const

export const baseNotAllowed: BuildRule<Options> = {
  meta,
  options,
  *check({ base, takenFrom }: BuildEvidence, { allow, deny, stages }) {
    const seen = new Set<string>()
    const images = [
      ...(base === null ? [] : [{ ...base, use: 'base', keyword: 'FROM' } as const]),
      ...takenFrom.filter(({ isOpen, use }) => !isOpen && (use !== 'stage' || stages === 'all')),
    ]
    for (const { use, keyword, lines, ...image } of images) {
      const denied = deny.find((pattern) => matchesReference(pattern, image))
      const isAllowed = allow.length === 0 || allow.some((pattern) => matchesReference(pattern, image))
      const key = `${image.reference} ${lines?.startLine}`
      if ((denied === undefined && isAllowed) || seen.has(key)) continue
      seen.add(key)
      const what = `${USES[use]} ${image.reference}${use === 'content' ? `, which ${keyword} takes files from,` : ''}`
      const other = use === 'content' ? 'Take the files from' : 'Build on'
      yield placed(meta, {
        title:
          use === 'base'
            ? meta.title
            : use === 'content'
              ? 'Files come from an image that is not allowed'
              : 'A build stage starts from an image that is not allowed',
        message:
          denied === undefined
            ? `${what} is not on the allow list (${allow.join(', ')}).`
            : `${what} is denied by ${denied}.`,
        remedy: allow.length === 0 ? `${other} another image.` : `${other} one of: ${allow.join(', ')}.`,
        location: { kind: 'image' },
        dockerfile: lines,
        origin: 'own',
        identity: use === 'base' ? ['base'] : [use, image.reference],
      })
    }
  },
}
