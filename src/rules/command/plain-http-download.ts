// What comes over http can be changed by anyone on the way.
import { downloadsOf, isPlainHttp } from '../../evidence/downloads.ts'
import { optionsIn } from '../../shell/options.ts'
import type { ShellCommand } from '../../shell/script.ts'
import { onCommand, onStep } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'plain-http-download',
  title: 'A download over plain http',
  description: 'Something is fetched over http, ftp or git:// and not checked: anyone on the way can change it.',
  remedy: 'Use https, or check a checksum or signature.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.owaspSupplyChain, REFERENCES.nistImage, REFERENCES.attackAdversary],
  enabled: true,
  strict: 'high',
}

const SIGNING_KEYS = /^(?:apt-key|rpm|rpmkeys|gpg|gpg2)$/

/** A URL over plain http that a package manager or Git is told to fetch from. apt's and apk's repositories are signed: they are left out. */
function source(command: ShellCommand): string | null {
  const { name, args } = command
  const options = optionsIn(command)
  const [verb = ''] = options.operands.map(({ value }) => value)
  const plain = (words: readonly { readonly value: string }[]): string | null =>
    words.find(({ value }) => isPlainHttp(value))?.value ?? null
  if (name === 'git') return /^(?:clone|fetch|pull|submodule|remote)$/.test(verb) ? plain(options.operands) : null
  if (name === 'svn') return /^(?:co|checkout|export|up|update)$/.test(verb) ? plain(options.operands) : null
  if (/^(?:pip\d?|uv|pipx)$/.test(name))
    return plain([
      ...options.values('-i', '--index-url', '--extra-index-url', '-f', '--find-links', '--index', '--default-index'),
      ...options.operands,
    ])
  if (/^(?:npm|yarn|pnpm)$/.test(name)) return plain([...options.values('--registry'), ...options.operands])
  if (name === 'gem') return plain(options.values('-s', '--source'))
  if (/^(?:yum|dnf|microdnf|zypper)$/.test(name))
    return /^(?:install|localinstall|in)$/.test(verb) ? plain(options.operands) : null
  if (name === 'rpm') return plain([...options.values('--import'), ...options.operands])
  if (SIGNING_KEYS.test(name))
    return plain([
      ...options.values('--fetch-keys'),
      ...args.slice(args.findIndex(({ value }) => value === '--fetch-keys') + 1),
    ])
  return null
}

export const plainHttpDownload: BuildRule = {
  meta,
  *check({ steps }) {
    for (const { by, command, step, url, uses, isVerified } of downloadsOf(steps)) {
      if (!isPlainHttp(url) || isVerified || uses.some(({ kind, isVerified: checked }) => checked || kind === 'run'))
        continue
      const use = uses.find(({ kind }) => kind === 'install')
      const own = {
        message: `${command === null ? 'ADD' : 'RUN'} fetches ${url} over plain http${use === undefined ? '' : ` and ${use.how}`}, unchecked: anyone on the way can change it.`,
        remedy: `Fetch it over https (${url?.replace(/^\w+:/, 'https:')}), or check a checksum before it is used.`,
        identity: [url ?? by],
      }
      yield command === null ? onStep(meta, step, own) : onCommand(meta, step, command, own)
    }
    for (const step of steps)
      for (const command of step.commands) {
        const url = source(command)
        if (url === null) continue
        yield onCommand(meta, step, command, {
          message: `RUN lets ${command.name} fetch from ${url} over plain http: anyone on the way can change what it gets.`,
          remedy: `Write ${url.replace(/^\w+:/, 'https:')}.`,
          identity: [command.name, url],
        })
      }
  },
}
