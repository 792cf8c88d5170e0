// What is installed today and is another tomorrow.

import { downloadsOf } from '../../evidence/downloads.ts'
import { optionsIn } from '../../shell/options.ts'
import type { ShellCommand } from '../../shell/script.ts'
import { onCommand } from '../placed.ts'
import { type BuildRule, REFERENCES, type RuleMeta } from '../rule.ts'
import { quote } from './quote.ts'

const meta: RuleMeta = {
  id: 'unpinned-install',
  title: 'Installed without a version',
  description:
    'A package, module or repository is installed without a version or commit: the next build can bring another.',
  remedy: 'Name the version, or install from a lock file.',
  severity: 'low',
  confidence: 'high',
  kind: 'rule',
  references: [REFERENCES.owaspSupplyChain, REFERENCES.buildPractices],
  enabled: false,
  strict: 'low',
  hadolint: ['DL3013', 'DL3016', 'DL3028', 'DL3062'],
}

const isLocal = (name: string): boolean => /^[./~$]|^file:|\.(?:whl|tgz|tar\.gz|zip|gem)$|^[a-z]:/i.test(name)
const isCommit = (name: string): boolean => /^[0-9a-f]{7,40}$/i.test(name)

/** What a command installs without a version; null for nothing of it. */
function unpinned(command: ShellCommand): string | null {
  const { name, args } = command
  const module = /^python[\d.]*$/.test(name) && args[0]?.value === '-m' && /^pip\d?$/.test(args[1]?.value ?? '')
  const of: ShellCommand = module ? { ...command, name: 'pip', args: args.slice(2) } : command
  const options = optionsIn(of)
  const [verb = '', ...rest] = options.operands
  const names = rest.map(({ value }) => value).filter((value) => !isLocal(value))
  const action = typeof verb === 'string' ? verb : verb.value
  switch (of.name) {
    case 'pip':
    case 'pip2':
    case 'pip3':
    case 'pipx':
    case 'uv': {
      const packages =
        of.name === 'uv'
          ? action === 'pip' && names[0] === 'install'
            ? names.slice(1)
            : action === 'tool'
              ? names.slice(1)
              : []
          : action === 'install'
            ? names
            : []
      if (options.has('-r', '--requirement', '-c', '--constraint', '--require-hashes')) return null
      return (
        packages.find(
          (text) => !/[=<>~!@]/.test(text) && !/^git\+/.test(text) && !/^(?:pip|setuptools|wheel)$/.test(text),
        ) ??
        packages.find((text) => /^git\+/.test(text) && !/@[^/]{1,200}$/.test(text.replace(/#.*$/s, ''))) ??
        null
      )
    }
    case 'npm':
    case 'pnpm':
      return /^(?:i|install|add)$/.test(action)
        ? (names.find((text) => !/.@[^/]{1,200}$/.test(text) || /@latest$/.test(text)) ?? null)
        : null
    case 'yarn': {
      const packages = action === 'add' ? names : action === 'global' && names[0] === 'add' ? names.slice(1) : []
      return packages.find((text) => !/.@[^/]{1,200}$/.test(text) || /@latest$/.test(text)) ?? null
    }
    case 'gem':
      return action === 'install' && !options.has('-v', '--version')
        ? (names.find((text) => !text.includes(':')) ?? null)
        : null
    case 'go':
      return /^(?:install|get)$/.test(action)
        ? (names.find(
            (text) =>
              /@(?:latest|master|main)$/.test(text) ||
              (action === 'get' && /^[\w.-]+\.[a-z]+\//.test(text) && !text.includes('@')),
          ) ?? null)
        : null
    case 'cargo':
      return action === 'install' && !options.has('--version', '--vers', '--path', '--locked')
        ? (names.find((text) => !text.includes('@')) ?? null)
        : null
    default:
      return null
  }
}

/** A clone that takes the tip of a branch, where no later command of the RUN names a commit. */
function cloned(command: ShellCommand, later: readonly ShellCommand[]): string | null {
  if (command.name !== 'git') return null
  const { operands, value } = optionsIn(command)
  if (operands[0]?.value !== 'clone' || operands[1] === undefined) return null
  const branch = value('-b', '--branch')?.value ?? ''
  // A tag moves seldom, and a variable is somebody's choice.
  if (/^v?\d|\$|\d\.\d/.test(branch)) return null
  const checkedOut = later.some(
    ({ name, args }) =>
      name === 'git' &&
      args.some(({ value: word }) => /^(?:checkout|reset|switch)$/.test(word)) &&
      args.some(
        ({ value: word, kind }) => isCommit(word) || kind !== 'literal' || /^(?:refs\/tags\/|tags\/|v?\d)/.test(word),
      ),
  )
  return checkedOut ? null : operands[1].value
}

export const unpinnedInstall: BuildRule = {
  meta,
  *check({ steps, cut }) {
    for (const step of steps)
      for (const [index, command] of step.commands.entries()) {
        const name = unpinned(command)
        const repository = name === null ? cloned(command, step.commands.slice(index + 1)) : null
        if (name === null && repository === null) continue
        yield onCommand(meta, step, command, {
          message:
            name === null
              ? `RUN clones ${repository} without a commit (${quote(cut, command)}): the next build can bring other code.`
              : `RUN installs ${name} without a version (${quote(cut, command)}): the next build can bring another.`,
          remedy:
            name === null
              ? 'Check out a commit: git -C DIR checkout <40 hex digits>.'
              : 'Name the version, or install from a lock file (requirements.txt with hashes, npm ci).',
          identity: [command.name, name ?? repository ?? ''],
        })
      }
    for (const { by, command, step, url, uses } of downloadsOf(steps)) {
      if (
        command === null ||
        url === null ||
        !/\/(?:latest|master|main|nightly|HEAD)(?:[/.]|$)|[-_]latest[-_.]/.test(url.replace(/^\w+:\/\/[^/]*/, '')) ||
        uses.length === 0
      )
        continue
      yield onCommand(meta, step, command, {
        message: `RUN downloads ${url} with ${by}: what "latest" is changes from build to build.`,
        remedy: 'Name the version in the URL, and check its checksum.',
        identity: [by, url],
      })
    }
  },
}
