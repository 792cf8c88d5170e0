import { packagesIn } from '../../shell/packages.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { quote } from './quote.ts'

const meta: RuleMeta = {
  id: 'package-upgrade',
  title: 'All packages are upgraded in the build',
  description:
    'A RUN brings all packages of the base up to date: two builds of one commit differ, and the layer holds the packages once more.',
  remedy: 'Use a newer base image, pinned by its digest.',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis47, REFERENCES.buildPractices],
  enabled: false,
  strict: 'low',
  hadolint: ['DL3005', 'DL3017', 'DL3031', 'DL3035', 'DL3039'],
}

export const packageUpgrade: BuildRule = {
  meta,
  *check({ steps, cut }) {
    for (const step of steps)
      for (const command of step.commands) {
        const found = packagesIn(command)
        // With names it is these that are brought up to date: somebody chose them.
        if (found?.action !== 'upgrade' || found.packages.length > 0) continue
        yield onCommand(meta, step, command, {
          message: `RUN upgrades all packages (${quote(cut, command)}): two builds of one commit differ, and the layer holds again what the base has.`,
          remedy:
            'Take a newer base image, pinned by its digest; upgrade single packages by name where a fix cannot wait.',
          identity: [command.name],
        })
      }
  },
}
