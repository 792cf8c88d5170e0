import type { Evidence } from '../evidence/evidence.ts'
import { placed } from './placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from './rule.ts'

const meta: RuleMeta = {
  id: 'missing-user',
  title: 'No USER: the container runs as root',
  description: 'The image sets no user, so the container runs as root.',
  remedy: 'Add a USER with a numeric id that is not 0.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis41, REFERENCES.owaspUser],
  enabled: true,
}

/** What to write: an account that the image has, else a number, which needs none. */
export function userAdvice({ accounts }: Pick<Evidence, 'accounts'>): string {
  const account = accounts.find(({ uid, name }) => uid >= 1000 && uid < 65_000 && name !== 'nobody') ?? accounts.find(({ name }) => name === 'nonroot')
  return account === undefined
    ? 'Add `USER 10001` before CMD (a number needs no account in the image).'
    : `Add \`USER ${account.uid}\` before CMD (${account.name} is in this image).`
}

export const missingUser: Rule = {
  meta,
  *check(evidence) {
    const { user, origin } = evidence
    if (user.configured !== '') return
    yield placed(meta, {
      message: 'The image sets no USER: the container runs as root.',
      remedy: userAdvice(evidence),
      location: { kind: 'config', field: 'User' },
      dockerfile: origin.from,
      origin: 'own',
      identity: ['User'],
    })
  },
}
