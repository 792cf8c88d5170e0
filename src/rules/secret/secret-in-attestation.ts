import { type BuildRule, REFERENCES } from '../rule.ts'
import { besideOf } from './beside.ts'
import { leaksOf } from './leak-drafts.ts'

// Provenance of mode=max records build arguments and the Dockerfile; it is pushed with the image.
export const secretInAttestation: BuildRule = {
  meta: {
    id: 'secret-in-attestation',
    title: 'Secret in an attestation of the image',
    description:
      'An attestation that is pushed with the image holds a secret: provenance records build arguments and the Dockerfile, an SBOM what it found in files.',
    remedy: 'Rotate the secret, pass it as a build secret, and delete the pushed attestation.',
    severity: 'high',
    confidence: 'high',
    kind: 'secret',
    references: [REFERENCES.cis410, REFERENCES.buildSecrets, REFERENCES.attackCredentials],
    enabled: true,
  },
  *check(evidence) {
    yield* leaksOf(evidence, 'secret-in-attestation')
    yield* besideOf(evidence, 'secret-in-attestation')
  },
}
