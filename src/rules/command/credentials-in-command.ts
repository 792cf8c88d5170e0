// A password among the words of a command: in the history, in the log of the build, in the list of processes.
import { credentialsOf } from '../../evidence/command-credentials.ts'
import type { Severity } from '../../finding/finding.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { quote } from './quote.ts'

const meta: RuleMeta = {
  id: 'credentials-in-command',
  title: 'A credential among the words of a command',
  description:
    'A command of a RUN is given a password, token or key in its words: the history of the image and the log of the build show it.',
  remedy: 'Mount it with --mount=type=secret and let the command read the file.',
  severity: 'high',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis410, REFERENCES.buildSecrets, REFERENCES.nistImage, REFERENCES.attackCredentials],
  enabled: true,
}

const SEVERITY: Readonly<Record<'literal' | 'usual' | 'variable', Severity>> = {
  literal: 'high',
  usual: 'low',
  variable: 'info',
}
const SAYS: Readonly<Record<'literal' | 'usual' | 'variable', string>> = {
  literal: 'everyone who can pull the image reads it in the history',
  usual: 'it is a password that everybody tries first',
  variable: 'its value is a variable; as a build argument it is in the history, as a mounted secret it is not',
}

export const credentialsInCommand: BuildRule = {
  meta,
  *check({ steps, cut, given }) {
    for (const step of steps)
      for (const command of step.commands)
        for (const credential of credentialsOf(command)) {
          const { by, kind, value } = credential
          // A detector knows it too: the leak is the finding.
          if (given.isTold(step, credential)) continue
          // A variable that a mounted secret sets is the right way.
          const variable = /^\$\{?(\w+)/.exec(value)?.[1]
          if (
            kind === 'variable' &&
            variable !== undefined &&
            step.flags?.some((flag) => flag.startsWith('--mount=type=secret') && flag.includes(`env=${variable}`))
          )
            continue
          yield onCommand(meta, step, command, {
            severity: SEVERITY[kind],
            message: `RUN gives a credential to a command in its words (${by}, ${quote(cut, command)}): ${SAYS[kind]}.`,
            remedy: `${kind === 'variable' ? '' : 'Change the password or token. '}Mount it for the one command: RUN --mount=type=secret,id=TOKEN … "$(cat /run/secrets/TOKEN)".`,
            identity: [command.name, by],
          })
        }
  },
}
