// Packages that nobody signed for.
import { optionsIn } from '../../shell/options.ts'
import type { ShellCommand } from '../../shell/script.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { quote } from './quote.ts'

const meta: RuleMeta = {
  id: 'unauthenticated-packages',
  title: 'Packages are installed without their signatures',
  description:
    'A package manager is told not to check signatures, or to take packages from several indexes that can stand in for each other.',
  remedy: 'Remove the option, and install the key of the repository.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis411, REFERENCES.owaspSupplyChain, REFERENCES.nistImage, REFERENCES.attackSupplyChain],
  enabled: true,
  strict: 'high',
}

const NO = /^(?:0|no|false)$/i
const YES = /^(?:1|yes|true)$/i

/** Options of a package manager that switch the check of signatures off. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  apk: ['--allow-untrusted'],
  apt: ['--allow-unauthenticated', '--force-yes', '--allow-insecure-repositories'],
  'apt-get': ['--allow-unauthenticated', '--force-yes', '--allow-insecure-repositories'],
  aptitude: ['--allow-untrusted'],
  dnf: ['--nogpgcheck'],
  dnf5: ['--no-gpgchecks', '--nogpgcheck'],
  dpkg: ['--force-bad-verify'],
  microdnf: ['--nogpgcheck'],
  rpm: ['--nosignature', '--nodigest', '--nogpg'],
  tdnf: ['--nogpgcheck'],
  yum: ['--nogpgcheck'],
  zypper: ['--no-gpg-checks', '--allow-unsigned-rpm'],
}

/** Names of packages of a public index: what comes from one that is not cannot be taken over. */
function confusion({ name, args }: ShellCommand, command: ShellCommand): string | null {
  const isPip = /^(?:pip\d?|uv|pipenv)$/.test(name) || (/^python[\d.]*$/.test(name) && args[1]?.value === 'pip')
  if (!isPip) return null
  const at = args.findIndex(({ value }) => /^--extra-index-url(?:=|$)/.test(value))
  if (at === -1) return null
  const url = args[at]?.value.includes('=')
    ? (args[at]?.value.replace(/^[^=]*=/, '') ?? '')
    : (args[at + 1]?.value ?? '')
  // Public indexes of projects that own the names they serve: nobody else can register them there, and PyPI holds the names.
  if (
    /^https:\/\/(?:[\w-]+\.)*(?:pytorch\.org|pypi\.org|pythonhosted\.org|piwheels\.org|nvidia\.com|ngc\.nvidia\.com|tsinghua\.edu\.cn|aliyun\.com|test\.pypi\.org)(?:[:/]|$)/.test(
      url,
    )
  )
    return null
  if (optionsIn(command).has('--require-hashes')) return null
  return '--extra-index-url'
}

function unsigned(command: ShellCommand): { option: string; says: string } | null {
  const { name, args } = command
  const options = optionsIn(command)
  const SIGNATURES = 'anyone who reaches the server, or the way to it, can put a package of theirs into the image'
  const own = (Object.hasOwn(OPTIONS, name) ? (OPTIONS[name] ?? []) : []).find(
    (option) => options.has(option) && !NO.test(options.value(option)?.value ?? ''),
  )
  if (own !== undefined) return { option: own, says: SIGNATURES }
  if (name === 'apt' || name === 'apt-get') {
    const set = options
      .values('-o', '--option')
      .find(
        ({ value }) =>
          /^(?:APT::Get::AllowUnauthenticated|Acquire::AllowInsecureRepositories|Acquire::AllowWeakRepositories)=/i.test(
            value,
          ) && YES.test(value.replace(/^.*=\s*/, '')),
      )
    if (set !== undefined) return { option: set.value, says: SIGNATURES }
  }
  if (/^(?:yum|dnf5?|microdnf|yum-config-manager|tdnf)$/.test(name)) {
    const set = [...options.values('--setopt'), ...args].find(({ value }) =>
      /(?:^|[.=])(?:repo_)?gpgcheck=(?:0|false|no)$/i.test(value),
    )
    if (set !== undefined) return { option: 'gpgcheck=0', says: SIGNATURES }
  }
  if (
    name === 'zypper' &&
    args.some(({ value }) => value === 'ar' || value === 'addrepo') &&
    options.has('-G', '--no-gpgcheck')
  )
    return { option: '--no-gpgcheck', says: SIGNATURES }
  const extra = confusion(command, command)
  if (extra !== null)
    return {
      option: extra,
      says: 'pip takes the highest version of either index, so whoever registers the name on the public one is installed (dependency confusion); use --index-url alone, or --require-hashes',
    }
  const written =
    [...args, ...command.fedBy.flatMap((feeder) => [...feeder.args])].map(({ value }) => value).join('\n') +
    (command.input ?? '')
  const targets = name === 'tee' || name === 'sed' ? options.operands.map(({ value }) => value) : command.writes
  if (
    targets.some((path) => /apt\.conf/.test(path)) &&
    /(?:AllowUnauthenticated|AllowInsecureRepositories)"?\s{0,8}[= ]\s{0,8}"?(?:true|1|yes)/i.test(written)
  )
    return { option: 'AllowUnauthenticated', says: SIGNATURES }
  const inSources = targets.some((path) => /sources\.list|\.sources$/.test(path))
  if (
    (inSources || name === 'add-apt-repository') &&
    /\[[^\]]{0,500}\btrusted=yes\b[^\]]{0,500}\]\s*(?!file:|cdrom:|copy:|\s)/i.test(written)
  )
    return { option: '[trusted=yes]', says: SIGNATURES }
  if (inSources && /^Trusted:\s*yes/im.test(written)) return { option: 'Trusted: yes', says: SIGNATURES }
  if (
    targets.some((path) => /\.repo$|(?:yum|dnf)\.conf$/.test(path)) &&
    /^[^\S\n]*gpgcheck\s*=\s*(?:0|false|no)/im.test(written.replace(/\\n/g, '\n').replace(/s\/[^/]*\//g, '\n'))
  )
    return { option: 'gpgcheck=0', says: SIGNATURES }
  return null
}

export const unauthenticatedPackages: BuildRule = {
  meta,
  *check({ steps, cut }) {
    for (const step of steps)
      for (const command of step.commands) {
        const found = unsigned(command)
        if (found === null) continue
        yield onCommand(meta, step, command, {
          message: `RUN uses ${found.option} (${quote(cut, command)}): ${found.says}.`,
          remedy:
            found.option === '--extra-index-url'
              ? 'Use --index-url with one index that mirrors the other, or --require-hashes.'
              : `Remove ${found.option}, and install the key of the repository (signed-by=…, rpm --import, apk's /etc/apk/keys).`,
          identity: [command.name, found.option],
        })
      }
  },
}
