// An account with a password that everybody who has the image has.

import { optionsIn } from '../shell/options.ts'
import type { ShellCommand } from '../shell/script.ts'
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

/** A hash that no password has: it locks the account. */
const isLocked = (value: string): boolean => /^(?:[!*x]|!!|\*LK\*|!\*|NP|locked)*$/.test(value)

/** The account that gets a password, and how; null where none does. */
function accountSet(command: ShellCommand): { account: string | null; how: string } | null {
  const { name, args, fedBy, input } = command
  const options = optionsIn(command)
  const account = options.operands.at(-1)?.value ?? null
  if (name === 'chpasswd') {
    const feeder = fedBy.at(-1)
    const text = input ?? (feeder !== undefined && /^(?:echo|printf|cat)$/.test(feeder.name) ? (feeder.input ?? feeder.args.map(({ value }) => value).join(' ')) : '')
    const match = /^[\s"']*(?:-e\s+)?([\w.$@{}-]+):(.*)/s.exec(text)
    return match !== null && isLocked((match[2] ?? '').trim()) ? null : { account: match?.[1] ?? null, how: 'chpasswd' }
  }
  if (/^(?:useradd|usermod)$/.test(name)) {
    const hash = options.value('-p', '--password')
    return hash === null || isLocked(hash.value) ? null : { account, how: `${name} -p` }
  }
  if (name === 'passwd') {
    if (options.has('-d', '--delete')) return { account, how: 'passwd -d (an empty password)' }
    if (options.has('-l', '--lock', '-u', '--unlock', '-e', '--expire', '-S', '--status')) return null
    return options.has('--stdin') || fedBy.length > 0 || input !== null ? { account, how: 'passwd' } : null
  }
  if (name === 'adduser' && args.some(({ value }) => value === '--password')) return { account, how: 'adduser --password' }
  return null
}

export const passwordSet: BuildRule = {
  meta,
  *check({ steps }) {
    for (const step of steps) {
      if (step.of !== 'image') continue
      for (const command of step.commands) {
        const set = accountSet(command)
        if (set === null) continue
        yield onCommand(meta, step, command, {
          message: `RUN sets a password for ${set.account ?? 'an account'} with ${set.how}: it is the same in every container, and whoever has the image has it.`,
          remedy: 'Remove the line: a process of a container needs no login. Where one is needed, set the password when the container starts.',
          identity: [set.how, set.account ?? ''],
        })
      }
    }
  },
}
