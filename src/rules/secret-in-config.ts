import { leaksOf } from './leak.ts'
import { REFERENCES, type Rule } from './rule.ts'

// Labels, Cmd, Entrypoint, Healthcheck and OnBuild are as public as the image.
export const secretInConfig: Rule = {
  meta: {
    id: 'secret-in-config',
    title: 'Secret in the image configuration',
    description: 'A label, the command, the entry point, the health check or a trigger holds a secret.',
    remedy: 'Rotate the secret, and remove it from the Dockerfile.',
    severity: 'high',
    confidence: 'high',
    kind: 'secret',
    references: [REFERENCES.cis410, REFERENCES.buildSecrets, REFERENCES.attackCredentials],
    enabled: true,
  },
  check: (evidence) => leaksOf(evidence, 'secret-in-config'),
}
