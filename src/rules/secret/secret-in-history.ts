import { type BuildRule, REFERENCES } from '../rule.ts'
import { leaksOf } from './leak-drafts.ts'

// docker history shows build arguments and commands to all who can pull the image.
export const secretInHistory: BuildRule = {
  meta: {
    id: 'secret-in-history',
    title: 'Secret in the image history',
    description: 'The history of the image holds a secret: a build argument, or the text of a command.',
    remedy: 'Rotate the secret, and pass it as a build secret.',
    severity: 'high',
    confidence: 'high',
    kind: 'secret',
    references: [REFERENCES.cis410, REFERENCES.buildSecrets, REFERENCES.attackCredentials],
    enabled: true,
  },
  check: (evidence) => leaksOf(evidence, 'secret-in-history'),
}
