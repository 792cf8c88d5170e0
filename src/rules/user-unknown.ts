import { placed } from './placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from './rule.ts'

const meta: RuleMeta = {
  id: 'user-unknown',
  title: 'USER is not in the image',
  description: 'USER names an account that the /etc/passwd of the image does not have: the container cannot start.',
  remedy: 'Create the account in the image, or write its number.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis41],
  enabled: true,
}

export const userUnknown: Rule = {
  meta,
  *check({ user, origin }) {
    if (user.configured === '' || user.uid !== null) return
    const name = user.configured.split(':')[0] ?? ''
    yield placed(meta, {
      message: `USER ${user.configured}: the image has no account ${name} in /etc/passwd, so a container of it cannot start.`,
      remedy: `Create ${name} in the stage that is shipped (in a multi-stage build, accounts of other stages are not copied), or write its number: USER 10001.`,
      location: { kind: 'config', field: 'User' },
      dockerfile: origin.lastLines('USER'),
      origin: 'own',
      identity: ['User'],
    })
  },
}
