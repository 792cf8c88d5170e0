// An account with a password that everybody who has the image has.

import { type AccountPassword, accountPasswords } from '../../evidence/account-passwords.ts'
import { accountCredentials } from '../../evidence/command-credentials.ts'
import type { Severity } from '../../finding/finding.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'password-set',
  title: 'The build sets a password',
  description:
    'A RUN gives an account of the image a password: it is in the history or in /etc/shadow, the same in every container.',
  remedy: 'Leave accounts without a password; containers need none.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis410, REFERENCES.nistImage, REFERENCES.attackAccounts],
  enabled: true,
  strict: 'high',
}

const SEVERITY: Readonly<Record<AccountPassword['kind'], Severity>> = {
  literal: 'high',
  hash: 'medium',
  variable: 'medium',
  empty: 'medium',
  unknown: 'medium',
}
const SAME = 'it is the same in every container, and whoever has the image has it'
const SAYS: Readonly<Record<AccountPassword['kind'], string>> = {
  literal: 'it stands in the command, so that everyone who can pull the image reads it in the history',
  hash: 'its hash is the same in every container, and whoever has the image can try passwords against it',
  variable: SAME,
  empty: 'anyone logs in',
  unknown: SAME,
}

export const passwordSet: BuildRule = {
  meta,
  *check({ steps, given }) {
    for (const step of steps) {
      if (step.of !== 'image') continue
      for (const command of step.commands) {
        const all = accountPasswords(command)
        const set = all.find(({ kind }) => kind === 'literal') ?? all[0]
        if (set === undefined) continue
        // One leak, one finding: where a detector knows the value too, that tells it.
        if (accountCredentials(command).some((credential) => given.isTold(step, credential))) continue
        const isLiteral = set.kind === 'literal'
        yield onCommand(meta, step, command, {
          severity: SEVERITY[set.kind],
          message: `RUN sets a password for ${set.account ?? 'an account'} with ${set.how}: ${SAYS[set.kind]}.`,
          remedy: `${isLiteral ? 'Change the password wherever else it is used, and remove the line' : 'Remove the line'}: a process of a container needs no login. Where one is needed, set the password when the container starts.`,
          identity: [set.how, set.account ?? ''],
        })
      }
    }
  },
}
