import { REFERENCES, type Rule } from '../rule.ts'
import { leaksOf } from './leak-drafts.ts'

// A key that the script of a package made during a RUN: host keys of SSH, the snakeoil certificate. Nobody leaked it, but
// every container of the image has the same one.
export const generatedKey: Rule = {
  meta: {
    id: 'generated-key',
    title: 'Key that a package made when it was installed',
    description:
      'The script of a package made a private key during the build: every container of the image has the same one.',
    remedy: 'Delete the key in the RUN that installs the package, and make one when the container starts.',
    severity: 'medium',
    confidence: 'medium',
    kind: 'secret',
    references: [REFERENCES.cis410, REFERENCES.attackCredentials],
    enabled: true,
  },
  check: (evidence) => leaksOf(evidence, 'generated-key'),
}
