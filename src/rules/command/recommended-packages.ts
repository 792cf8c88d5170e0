import { optionsIn } from '../../shell/options.ts'
import { packagesIn } from '../../shell/packages.ts'
import type { ShellCommand } from '../../shell/script.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'recommended-packages',
  title: 'Recommended packages are installed too',
  description: 'apt installs what packages recommend, which a container seldom needs.',
  remedy: 'Write apt-get install --no-install-recommends.',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis43, REFERENCES.buildPractices],
  enabled: false,
  strict: 'low',
  hadolint: ['DL3015'],
}

const isOff = (text: string): boolean =>
  /APT::Install-Recommends\s{0,8}"?\s{0,8}[= ]\s{0,8}"?(?:0|false|no)/i.test(text)

/** A configuration that switches them off for all that follows. */
const configures = ({ args, writes, input, fedBy }: ShellCommand): boolean =>
  [...writes, ...fedBy.flatMap((feeder) => [...feeder.writes]), ...args.map(({ value }) => value)].some((path) =>
    /apt\.conf/.test(path),
  ) &&
  [...args, ...fedBy.flatMap((feeder) => [...feeder.args])]
    .map(({ value }) => value)
    .concat(input ?? '')
    .some(isOff)

export const recommendedPackages: BuildRule = {
  meta,
  *check({ steps }) {
    let off = false
    for (const step of steps)
      for (const command of step.commands) {
        off ||= configures(command)
        const found = packagesIn(command)
        if (
          off ||
          found?.family !== 'apt' ||
          found.action !== 'install' ||
          found.packages.length === 0 ||
          command.name === 'aptitude'
        )
          continue
        if (command.args.some(({ value }) => value === 'build-dep')) continue
        const options = optionsIn(command)
        if (
          options.has('--no-install-recommends') ||
          options.values('-o', '--option').some(({ value }) => isOff(value))
        )
          continue
        yield onCommand(meta, step, command, {
          message: `RUN installs ${
            found.packages
              .slice(0, 3)
              .map(({ value }) => value)
              .join(', ') || 'packages'
          }${found.packages.length > 3 ? ' …' : ''} with all that they recommend.`,
          remedy: 'Add --no-install-recommends, and name what of it is needed.',
          identity: [command.name, found.packages[0]?.value ?? ''],
        })
      }
  },
}
