import { placed } from '../placed.ts'
import { REFERENCES, type Rule, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'user-unknown',
  title: 'USER is not in the image',
  description:
    'USER names an account or a group that the image does not have: the container cannot start. A number without an account starts, and is said.',
  remedy: 'Create the account in the image, or write its number.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis41],
  enabled: true,
}

export const userUnknown: Rule = {
  meta,
  *check({ user, userLines, collected, accounts, filesystem }) {
    if (user.configured === '') return
    const [name = '', group = ''] = user.configured.split(':')
    const at = { location: { kind: 'config', field: 'User' }, dockerfile: userLines, origin: 'own' } as const
    if (user.uid === null) {
      yield placed(meta, {
        ...at,
        message: `USER ${user.configured}: the image has no account ${name} in /etc/passwd, so a container of it cannot start.`,
        remedy: `Create ${name} in the stage that is shipped (in a multi-stage build, accounts of other stages are not copied), or write its number: USER 10001.`,
        identity: ['User'],
      })
      return
    }
    if (group !== '' && user.gid === null) {
      yield placed(meta, {
        ...at,
        title: 'The group of USER is not in the image',
        message: `USER ${user.configured}: the image has no group ${group} in /etc/group, so a container of it cannot start.`,
        remedy: `Create the group in the stage that is shipped (RUN groupadd ${group}), or write its number: USER ${user.uid}:${user.uid}.`,
        identity: ['User', 'group'],
      })
      return
    }
    // An image without /etc/passwd, as those from scratch, has no accounts to look for.
    if (filesystem.find('/etc/passwd') === null || user.uid === 0 || accounts.some(({ uid }) => uid === user.uid))
      return
    if (collected('/etc/passwd') === null) return
    yield placed(meta, {
      ...at,
      title: 'The number of USER has no account',
      severity: 'info',
      message: `USER ${user.configured}: uid ${user.uid} has no account in /etc/passwd. The container starts; programs that look up their own name or home (ssh, git, some JVMs) may not.`,
      remedy: `Nothing, where the service runs. Else make the account: RUN useradd --uid ${user.uid} app.`,
      identity: ['User', 'account'],
    })
  },
}
