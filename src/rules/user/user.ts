// What the rules on the user share: who drops to another user by itself, and what to write.

import { jsonWords } from '../../dockerfile/patterns.ts'
import type { BuildEvidence, BuiltImage } from '../../evidence/evidence.ts'
import type { Step } from '../../evidence/steps.ts'
import { optionsIn } from '../../shell/options.ts'
import { installs } from '../../shell/packages.ts'
import { isShell, parseScript, parseWords, type ShellCommand } from '../../shell/script.ts'

/** Programs that run another as another user. */
const DROPPERS = new Set([
  'chpst',
  'chroot',
  'gosu',
  'runuser',
  's6-setuidgid',
  'setpriv',
  'setuidgid',
  'su',
  'su-exec',
  'sudo',
])

/** An entrypoint that starts as root and does not stay it. */
export interface Drop {
  /** `gosu`. */
  readonly by: string
  /** As far as it is known. */
  readonly to: string | null
  /** The script; null where the entrypoint itself is the program. */
  readonly script: string | null
}

/** The user that `su`, `runuser` and `chpst` are given; null for root. */
function userOf(command: ShellCommand): string | null {
  const { operands, value } = optionsIn(command)
  return (
    value('-u', '--user')?.value ??
    (command.name === 'chpst' ? null : operands.find((word) => word.value !== '-')?.value) ??
    null
  )
}

/** The user in front of the program that gosu and its like start. */
function userBefore(command: ShellCommand, by: string): string | null {
  const words = command.text.split(/\s+/).map((word) => word.replace(/^["']|["']$/g, ''))
  const after = words.slice(words.findIndex((word) => word.replace(/^.*\//, '') === by) + 1)
  const at = after.findIndex((word) => /^(?:-u|--user|--reuid|--userspec)(?:=|$)/.test(word))
  const option = after[at]
  if (option === undefined)
    return /^(?:sudo|chroot|setpriv)$/.test(by) ? null : (after.find((word) => !word.startsWith('-')) ?? null)
  return option.includes('=') ? option.replace(/^[^=]*=/, '') : (after[at + 1] ?? null)
}

/** The user that a command drops to; null for a command that does not. */
function dropOf(command: ShellCommand): Pick<Drop, 'by' | 'to'> | null {
  const by = [...command.through, command.name].find((name) => DROPPERS.has(name))
  if (by === undefined) return null
  const given = by === command.name ? userOf(command) : userBefore(command, by)
  const to = given?.replace(/:.*$/s, '') ?? null
  if (to === null || to === '' || /^(?:root|0)$/.test(to)) return null
  return { by, to: /^[\w.-]+$/.test(to) ? to : null }
}

/** The words that a container starts with. */
function startWords({ built, steps }: BuildEvidence): string[] {
  if (built !== null) return [...(built.image.config.run.Entrypoint ?? []), ...(built.image.config.run.Cmd ?? [])]
  const last = (keyword: string): string[] => {
    const step = steps.findLast((candidate) => candidate.of === 'image' && candidate.keyword === keyword)
    return step === undefined ? [] : (jsonWords(step.text) ?? ['/bin/sh', '-c', step.text])
  }
  return [...last('ENTRYPOINT'), ...last('CMD')]
}

/** Scripts that are followed from one to the next. */
const MAX_HOPS = 4

/** Whether what starts first drops to a user that is not root: read from the entrypoint script in the image. */
export function dropsPrivileges(evidence: BuildEvidence): Drop | null {
  const { commands } = parseWords(startWords(evidence))
  for (const command of commands) {
    const drop = dropOf(command)
    if (drop !== null) return { ...drop, script: null }
    if (evidence.built === null) continue
    const found = scriptDrop(
      evidence.built,
      isShell(command.name) ? (command.args.find(({ value }) => !value.startsWith('-'))?.value ?? '') : command.program,
      0,
    )
    if (found !== null) return found
  }
  return null
}

function scriptDrop(built: BuiltImage, program: string, hops: number): Drop | null {
  if (program === '' || hops >= MAX_HOPS) return null
  const places = program.includes('/')
    ? [
        program.startsWith('/')
          ? program
          : `${(built.image.config.run.WorkingDir ?? '/').replace(/\/$/, '')}/${program.replace(/^\.\//, '')}`,
      ]
    : ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'].map(
        (directory) => `${directory}/${program}`,
      )
  const path = places.find((candidate) => built.collected(candidate) !== null)
  if (path === undefined) return null
  const { commands } = parseScript(built.collected(path) ?? '')
  const drop = commands.map(dropOf).find((found) => found !== null)
  if (drop != null) return { ...drop, script: path }
  const next = commands.find(
    ({ text, program: started }) => /^exec\b/.test(text) && started.startsWith('/') && started !== path,
  )
  return next === undefined ? null : scriptDrop(built, next.program, hops + 1)
}

/** Whether the build installs or downloads a program that entrypoints drop privileges with. */
export const bringsDropper = ({ steps }: BuildEvidence): boolean =>
  steps.some(
    ({ of, commands }) =>
      of === 'image' &&
      commands.some(
        (command) =>
          installs(command, (name) => name === 'gosu' || name === 'su-exec') !== null ||
          /^(?:gosu|su-exec)$/.test(command.name) ||
          command.args.some(({ value }) => /\/(?:gosu|su-exec)\b/.test(value)),
      ),
  )

interface MadeUser {
  readonly step: Step
  readonly name: string
  /** null where useradd chooses it. */
  readonly uid: number | null
}

/** The last account that the build makes for people or services. */
export function madeUser({ steps, accounts }: BuildEvidence): MadeUser | null {
  let made: MadeUser | null = null
  for (const step of steps) {
    if (step.of !== 'image') continue
    for (const command of step.commands) {
      if (command.name !== 'useradd' && command.name !== 'adduser') continue
      const { operands, value } = optionsIn(command)
      // `adduser USER GROUP` puts a user into a group.
      const name = command.name === 'useradd' ? operands.at(-1)?.value : operands[0]?.value
      if (name === undefined || !/^[a-z_][\w.-]*\$?$/i.test(name) || name === 'root') continue
      const uid = value('-u', '--uid')?.value ?? ''
      made = {
        step,
        name,
        uid: /^\d+$/.test(uid) ? Number(uid) : (accounts.find((account) => account.name === name)?.uid ?? null),
      }
    }
  }
  return made
}

/** Kubernetes' reason for a number. */
const NUMBER = 'Kubernetes can check runAsNonRoot for a number only.'

/** Servers that want more than another user: ports below 1024, and folders that root owns. */
const SERVERS =
  /^(?:apache2|apache2-foreground|apache2ctl|apachectl|caddy|haproxy|httpd|httpd-foreground|lighttpd|nginx)$/

/** What a server needs beside another user; empty for none. */
function serverAdvice(evidence: BuildEvidence): string {
  const words = startWords(evidence).map((word) => word.replace(/^.*\//, ''))
  const base = /(?:^|\/)(nginx|httpd|haproxy|caddy)(?:[:@]|$)/.exec(evidence.base?.reference ?? '')?.[1]
  const server = words.find((word) => SERVERS.test(word)) ?? base
  if (server === undefined) return ''
  const instead = server === 'nginx' ? ', or take the base nginxinc/nginx-unprivileged' : ''
  return ` ${server} then needs a port of 1024 or more, and the folders that it writes to (cache, logs, its pid file) must be that user's${instead}.`
}

/** What to write: an account that the image has or the build makes, else the lines that make one; and what must change with it. */
export const userAdvice = (evidence: BuildEvidence): string => `${accountAdvice(evidence)}${serverAdvice(evidence)}`

function accountAdvice(evidence: BuildEvidence): string {
  const { accounts, built } = evidence
  const made = madeUser(evidence)
  const account =
    accounts.find(({ name, uid }) => name === made?.name && uid !== 0) ??
    accounts.find(({ uid, name }) => uid >= 1000 && uid < 60_000 && name !== 'nobody') ??
    accounts.find(({ name }) => name === 'nonroot')
  if (account !== undefined)
    return `Write \`USER ${account.uid}:${account.gid}\` before CMD: ${account.name} is in the image. ${NUMBER}`
  if (made !== null)
    return `Write \`USER ${made.uid ?? made.name}\` before CMD: ${made.name} is made in ${made.step.lines === null ? 'the build' : `line ${made.step.lines.startLine}`}${made.uid === null ? `, best with a number (--uid 10001, USER 10001)` : ''}. ${NUMBER}`
  if (built !== null && built.programs.shells.length === 0)
    return `Write \`USER 65532:65532\` before CMD: a number needs no account in the image. ${NUMBER}`
  // Without an image, the name of the base tells what it has.
  const adds =
    (built === null && /(?:^|\/)(?:alpine|busybox)(?:[:@-]|$)|[:-]alpine/.test(evidence.base?.reference ?? '')) ||
    built?.programs.packageManagers.some((path) => path.endsWith('/apk')) === true ||
    built?.programs.shells.some((path) => path.endsWith('/busybox')) === true
  return `Write two lines before CMD: \`RUN ${adds ? 'adduser -D -u 10001 app' : 'useradd --uid 10001 --create-home app'}\` and \`USER 10001\`. ${NUMBER}`
}
