import { type BuildRule, REFERENCES } from '../rule.ts'
import { leaksOf } from './leak-drafts.ts'

// ENV is part of the configuration, and every process of every container inherits it.
export const secretInEnv: BuildRule = {
  meta: {
    id: 'secret-in-env',
    title: 'Secret in an environment variable of the image',
    description: 'ENV sets a variable to a secret.',
    remedy: 'Rotate the secret, and set the variable when the container starts.',
    severity: 'high',
    confidence: 'high',
    kind: 'secret',
    references: [REFERENCES.cis410, REFERENCES.buildSecrets, REFERENCES.attackCredentials],
    enabled: true,
  },
  check: (evidence) => leaksOf(evidence, 'secret-in-env'),
}
