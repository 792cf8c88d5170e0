import { REFERENCES, type Rule } from '../rule.ts'
import { leaksOf } from './leak-drafts.ts'

// What this program exists for: the whiteout hides the file, it does not erase it.
export const deletedSecret: Rule = {
  meta: {
    id: 'deleted-secret',
    title: 'Secret in a file that a later layer hides',
    description:
      'A file with a secret was added in one layer and deleted, overwritten or replaced in a later one: the layer keeps its bytes.',
    remedy: 'Rotate the secret, and keep the file out of the build context or mount it as a build secret.',
    severity: 'high',
    confidence: 'high',
    kind: 'secret',
    references: [REFERENCES.cis410, REFERENCES.buildSecrets, REFERENCES.layers, REFERENCES.attackCredentials],
    enabled: true,
  },
  check: (evidence) => leaksOf(evidence, 'deleted-secret'),
}
