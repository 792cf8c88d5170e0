import { installs } from '../../shell/packages.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'sudo-installed',
  title: 'sudo is installed',
  description:
    'The build installs sudo, a setuid program that a container has no use for: the build is root already, and the container should not become it.',
  remedy: 'Remove sudo; use USER, and gosu or setpriv in an entrypoint that has to start as root.',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis43, REFERENCES.cis48, REFERENCES.owaspPrivileges, REFERENCES.attackSudo],
  enabled: true,
  hadolint: ['DL3004'],
}

export const sudoInstalled: BuildRule = {
  meta,
  *check({ steps, built }) {
    for (const step of steps) {
      if (step.of !== 'image') continue
      for (const command of step.commands) {
        const name = installs(command, (wanted) => wanted === 'sudo' || wanted === 'doas')
        // Taken out again before the image was done: nothing is left of it.
        if (name === null || (built !== null && built.filesystem.find(`/usr/bin/${name}`) === null)) continue
        yield onCommand(meta, step, command, {
          message: `RUN installs ${name}: a setuid program that helps who breaks into the container to become root.`,
          remedy: `Take ${name} out of the packages: RUN is root until USER says otherwise. An entrypoint that starts as root drops to a user with gosu, su-exec or setpriv.`,
          identity: [name],
        })
      }
    }
  },
}
