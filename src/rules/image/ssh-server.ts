// A container with an SSH server is a machine that somebody has to guard.

import { jsonWords } from '../../dockerfile/patterns.ts'
import type { BuildEvidence } from '../../evidence/evidence.ts'
import type { Step } from '../../evidence/steps.ts'
import { optionsIn } from '../../shell/options.ts'
import { installs } from '../../shell/packages.ts'
import { parseScript, parseWords, type ShellCommand } from '../../shell/script.ts'
import { onCommand, onStep } from '../placed.ts'
import type { Draft } from '../rule.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'

const meta: RuleMeta = {
  id: 'ssh-server',
  title: 'An SSH server in the image',
  description: 'The image has an SSH server: installed, started, or its port opened.',
  remedy: 'Remove it; use docker exec, kubectl exec or a debug container.',
  severity: 'medium',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.cis56, REFERENCES.cis43, REFERENCES.nistImage, REFERENCES.attackRemote],
  enabled: true,
  strict: 'high',
}

/** `openssh` brings the server on Alpine and Arch; elsewhere it is named so. */
const isServer = (command: ShellCommand) => (name: string) =>
  /^(?:openssh-server|openssh-sftp-server|dropbear|tinysshd)$/.test(name) ||
  (name === 'openssh' && /^(?:apk|pacman)$/.test(command.name))

const startsServer = ({ name, args, program }: ShellCommand): boolean =>
  (/^(?:sshd|dropbear)$/.test(name) && !args.some(({ value }) => /^-[tTV]$/.test(value))) ||
  (name === 'service' && /^sshd?$/.test(args[0]?.value ?? '') && /^(?:re)?start$/.test(args[1]?.value ?? '')) ||
  /\/init\.d\/sshd?$/.test(program)

function permitsRoot(command: ShellCommand): boolean {
  const { name, args, writes, input, fedBy } = command
  const targets = name === 'sed' || name === 'tee' ? optionsIn(command).operands.map(({ value }) => value) : writes
  if (!targets.some((path) => /sshd_config/.test(path))) return false
  const texts = [
    ...args.map(({ value }) => value),
    input ?? '',
    ...fedBy.flatMap((feeder) => [...feeder.args.map(({ value }) => value), feeder.input ?? '']),
  ]
  return texts.some((text) =>
    /PermitRootLogin\s+yes/i.test(
      name === 'sed' ? text.replace(/^s(.)(?:(?!\1).)*\1((?:(?!\1).)*)\1.*$/s, '$2') : text,
    ),
  )
}

/** Signs, each with the finding that it makes; the first is shown. */
function* signs({
  steps,
}: BuildEvidence): Generator<{ says: string; draft: (own: Parameters<typeof onStep>[2]) => Draft }> {
  const of = steps.filter((step) => step.of === 'image')
  const onRun = (step: Step, command: ShellCommand) => (own: Parameters<typeof onStep>[2]) =>
    onCommand(meta, step, command, own)
  for (const step of of)
    for (const command of step.commands) {
      const name = installs(command, isServer(command))
      if (name !== null) yield { says: `installs ${name}`, draft: onRun(step, command) }
      if (permitsRoot(command)) yield { says: 'lets root log in (PermitRootLogin yes)', draft: onRun(step, command) }
    }
  for (const step of of) {
    if (step.keyword === 'EXPOSE' && step.text.split(/\s+/).some((port) => /^22(?:\/tcp)?$/.test(port)))
      yield { says: 'opens port 22', draft: (own) => onStep(meta, step, own) }
    if (step.keyword === 'CMD' || step.keyword === 'ENTRYPOINT') {
      const words = jsonWords(step.text)
      const { commands } = words === null ? parseScript(step.text) : parseWords(words)
      if (commands.some(startsServer))
        yield { says: `starts it (${step.keyword})`, draft: (own) => onStep(meta, step, own) }
    }
  }
}

export const sshServer: BuildRule = {
  meta,
  *check(evidence) {
    const found = [...signs(evidence)]
    const [first] = found
    if (first === undefined) return
    // Port 22 alone can be another service's, and what the image does not hold was removed.
    if (found.every(({ says }) => says === 'opens port 22')) return
    const { built } = evidence
    if (
      built !== null &&
      ![
        '/usr/sbin/sshd',
        '/usr/sbin/dropbear',
        '/usr/bin/dropbear',
        '/usr/bin/sshd',
        '/sbin/sshd',
        '/usr/sbin/tinysshd',
      ].some((path) => built.filesystem.find(path) !== null)
    )
      return
    // Alpine's openssh holds the clients too, which is mostly what it is wanted for.
    const isMeant = built !== null || found.length > 1 || first.says !== 'installs openssh'
    yield first.draft({
      ...(isMeant ? {} : { severity: 'low' as const }),
      message: `The image has an SSH server: it ${[...new Set(found.map(({ says }) => says))].join(', ')}. Accounts, keys and patches of it are one more thing to guard, and every container has the same host keys.`,
      remedy: isMeant
        ? 'Remove it: docker exec, kubectl exec and kubectl debug give a shell without one.'
        : 'For the clients alone install openssh-client.',
      identity: ['ssh-server'],
    })
  },
}
