import { type BuildRule, REFERENCES } from '../rule.ts'
import { besideOf } from './beside.ts'
import { leaksOf } from './leak-drafts.ts'

// A secret that anyone who starts the container can read.
export const secretInImage: BuildRule = {
  meta: {
    id: 'secret-in-image',
    title: 'Secret in a file of the image',
    description:
      'A file of the final image holds a secret, or its name, the target of a link, an extended attribute or a comment in the tar does.',
    remedy: 'Rotate the secret, and give it to the container when it starts.',
    severity: 'high',
    confidence: 'high',
    kind: 'secret',
    references: [REFERENCES.cis410, REFERENCES.buildSecrets, REFERENCES.attackCredentials],
    enabled: true,
  },
  *check(evidence) {
    yield* leaksOf(evidence, 'secret-in-image')
    yield* besideOf(evidence, 'secret-in-image')
  },
}
