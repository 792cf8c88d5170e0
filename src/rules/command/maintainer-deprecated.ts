import { onStep } from '../placed.ts'
import type { BuildRule, RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'maintainer-deprecated',
  title: 'MAINTAINER is deprecated',
  description: 'MAINTAINER is deprecated since Docker 1.13; a label says it in a way that programs read.',
  remedy: 'Write LABEL org.opencontainers.image.authors="…".',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [
    {
      name: 'Dockerfile reference, MAINTAINER',
      url: 'https://docs.docker.com/reference/dockerfile/#maintainer-deprecated',
    },
  ],
  enabled: false,
  strict: 'low',
  hadolint: ['DL4000'],
}

export const maintainerDeprecated: BuildRule = {
  meta,
  *check({ steps }) {
    for (const step of steps)
      if (step.keyword === 'MAINTAINER')
        yield onStep(meta, step, {
          message: 'MAINTAINER is deprecated.',
          remedy: `Write LABEL org.opencontainers.image.authors=${JSON.stringify(step.text.replace(/^["']|["']$/g, ''))}.`,
          identity: ['MAINTAINER'],
        })
  },
}
