import { userAdvice } from './missing-user.ts'
import { placed } from './placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from './rule.ts'

const meta: RuleMeta = {
  id: 'root-user',
  title: 'The container runs as root',
  description: 'USER names root: by name, by number, or by an account whose uid is 0 in the /etc/passwd of the image.',
  remedy: 'Set a USER with a numeric id that is not 0.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis41, REFERENCES.owaspUser],
  enabled: true,
}

export const rootUser: Rule = {
  meta,
  *check(evidence) {
    const { user, origin } = evidence
    if (user.configured === '' || user.isRoot !== true) return
    const name = user.configured.split(':')[0] ?? ''
    const alias = !/^0+$/.test(name) && name !== 'root'
    yield placed(meta, {
      message: alias ? `USER ${user.configured} is root: ${name} has uid 0 in /etc/passwd of the image.` : `USER ${user.configured} is root.`,
      remedy: userAdvice(evidence).replace('Add', 'Write'),
      location: { kind: 'config', field: 'User' },
      dockerfile: origin.lastLines('USER'),
      origin: 'own',
      identity: ['User'],
    })
  },
}
