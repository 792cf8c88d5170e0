// An account with a password that everybody who has the image has.

import { accountPasswords } from '../evidence/command-credentials.ts'
import { onCommand } from './placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from './rule.ts'

const meta: RuleMeta = {
  id: 'password-set',
  title: 'The build sets a password',
  description: 'A RUN gives an account of the image a password: it is in the history or in /etc/shadow, the same in every container.',
  remedy: 'Leave accounts without a password; containers need none.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis410, REFERENCES.nistImage, REFERENCES.attackAccounts],
  enabled: true,
}

export const passwordSet: BuildRule = {
  meta,
  *check({ steps }) {
    for (const step of steps) {
      if (step.of !== 'image') continue
      for (const command of step.commands) {
        const [set] = accountPasswords(command)
        if (set === undefined) continue
        yield onCommand(meta, step, command, {
          message: `RUN sets a password for ${set.account ?? 'an account'} with ${set.how}: it is the same in every container, and whoever has the image has it.`,
          remedy: 'Remove the line: a process of a container needs no login. Where one is needed, set the password when the container starts.',
          identity: [set.how, set.account ?? ''],
        })
      }
    }
  },
}
