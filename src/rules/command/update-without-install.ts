import { packagesIn } from '../../shell/packages.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'update-without-install',
  title: 'Package lists are fetched in a RUN of their own',
  description:
    'A RUN fetches package lists and installs nothing: the cache keeps them, and a later install works with old ones.',
  remedy: 'Write update and install in one RUN.',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis47, REFERENCES.buildPractices],
  enabled: false,
  strict: 'low',
}

export const updateWithoutInstall: BuildRule = {
  meta,
  *check({ steps }) {
    for (const step of steps) {
      const found = step.commands.map((command) => ({ command, packages: packagesIn(command) }))
      const update = found.find(({ packages }) => packages?.action === 'update' && packages.family !== 'yum')
      // Other programs install too: a script that the RUN calls, a tool such as ansible.
      if (
        update === undefined ||
        found.some(({ packages }) => packages !== null && packages.action !== 'update') ||
        step.commands.length > 3
      )
        continue
      yield onCommand(meta, step, update.command, {
        message: `RUN fetches package lists (${update.command.name}) and installs nothing: the cache keeps them, and a later install gets old versions or none.`,
        remedy: 'Join it with the install: RUN apt-get update && apt-get install -y … && rm -rf /var/lib/apt/lists/*',
        identity: [update.command.name],
      })
    }
  },
}
