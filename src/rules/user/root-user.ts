import { placed } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { dropsPrivileges, madeUser, userAdvice } from './user.ts'

const meta: RuleMeta = {
  id: 'root-user',
  title: 'The container runs as root',
  description: 'USER names root: by name, by number, or by an account whose uid is 0 in the /etc/passwd of the image.',
  remedy: 'Set a USER with a numeric id that is not 0.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis41, REFERENCES.owaspUser, REFERENCES.nistImage, REFERENCES.attackEscape],
  enabled: true,
  strict: 'high',
  hadolint: ['DL3002'],
}

export const rootUser: BuildRule = {
  meta,
  *check(evidence) {
    const { user, userLines } = evidence
    if (user.configured === '' || user.isRoot !== true) return
    const name = user.configured.split(':')[0] ?? ''
    const alias = !/^0+$/.test(name) && name !== 'root' && name !== ''
    const says = alias
      ? `USER ${user.configured} is root: ${name} has uid 0 in /etc/passwd of the image`
      : `USER ${user.configured} is root`
    const at = {
      location: { kind: 'config', field: 'User' },
      dockerfile: userLines,
      origin: 'own',
      identity: ['User'],
    } as const
    const drop = dropsPrivileges(evidence)
    if (drop !== null) {
      yield placed(meta, {
        ...at,
        severity: 'info',
        message: `${says}, and the entrypoint ${drop.script ?? drop.by} drops to ${drop.to ?? 'another user'} (${drop.by}): the service does not run as root, docker exec and what the entrypoint does before do.`,
        remedy:
          'Nothing, where the entrypoint needs root for a moment. Kubernetes refuses it under runAsNonRoot: set runAsUser there.',
      })
      return
    }
    const made = madeUser(evidence)
    const line = made?.step.lines
    const unused =
      made === null
        ? ''
        : ` ${line == null ? 'The build' : `Line ${line.startLine}`} makes the user ${made.name}; the last USER does not name it.`
    yield placed(meta, { ...at, message: `${says}.${unused}`, remedy: userAdvice(evidence) })
  },
}
