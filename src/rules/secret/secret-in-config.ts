import { type BuildRule, REFERENCES } from '../rule.ts'
import { leaksOf } from './leak-drafts.ts'

// All of the configuration, the manifest and the index is as public as the image.
export const secretInConfig: BuildRule = {
  meta: {
    id: 'secret-in-config',
    title: 'Secret in the image configuration',
    description:
      'A label, the command, any other field of the configuration, the manifest, the index or a file beside the image holds a secret.',
    remedy: 'Rotate the secret, and remove it from the Dockerfile.',
    severity: 'high',
    confidence: 'high',
    kind: 'secret',
    references: [REFERENCES.cis410, REFERENCES.buildSecrets, REFERENCES.attackCredentials],
    enabled: true,
  },
  check: (evidence) => leaksOf(evidence, 'secret-in-config'),
}
