// Package managers: what a command installs, brings up to date, or fetches lists for.
import { optionsIn } from './options.ts'
import type { ShellCommand } from './script.ts'
import type { ShellWord } from './words.ts'

type Family = 'apt' | 'apk' | 'yum' | 'zypper' | 'pacman'

const FAMILIES: Readonly<Record<string, Family>> = {
  apk: 'apk',
  apt: 'apt',
  'apt-get': 'apt',
  aptitude: 'apt',
  dnf: 'yum',
  dnf5: 'yum',
  microdnf: 'yum',
  pacman: 'pacman',
  tdnf: 'yum',
  'xx-apk': 'apk',
  'xx-apt': 'apt',
  'xx-apt-get': 'apt',
  yum: 'yum',
  zypper: 'zypper',
}

const ACTIONS: Readonly<Record<Family, Readonly<Record<'install' | 'upgrade' | 'update', RegExp>>>> = {
  apk: { install: /^add$/, upgrade: /^upgrade$/, update: /^update$/ },
  apt: { install: /^(?:install|build-dep)$/, upgrade: /^(?:upgrade|dist-upgrade|full-upgrade)$/, update: /^update$/ },
  pacman: { install: /^-S[a-z]*$/, upgrade: /^-S[a-tv-z]*u[a-z]*$/, update: /^-S[a-xz]*y[a-z]*$/ },
  yum: {
    install: /^(?:install|groupinstall|localinstall)$/,
    upgrade: /^(?:upgrade|update|distro-sync)$/,
    update: /^makecache$/,
  },
  zypper: {
    install: /^(?:install|in)$/,
    upgrade: /^(?:update|up|dist-upgrade|dup|patch)$/,
    update: /^(?:refresh|ref)$/,
  },
}

interface PackageCommand {
  readonly family: Family
  readonly action: 'install' | 'upgrade' | 'update'
  /** Packages that are named; versions as written. */
  readonly packages: readonly ShellWord[]
}

/** What a command does to the system's packages; null for nothing of it. */
export function packagesIn(command: ShellCommand): PackageCommand | null {
  const family = Object.hasOwn(FAMILIES, command.name) ? FAMILIES[command.name] : undefined
  if (family === undefined) return null
  const { operands, options } = optionsIn(command)
  if (family === 'pacman') {
    const letters = options.map(({ name }) => name.slice(1)).join('')
    if (!letters.includes('S')) return null
    if (operands.length === 0)
      return letters.includes('u')
        ? { family, action: 'upgrade', packages: [] }
        : letters.includes('y')
          ? { family, action: 'update', packages: [] }
          : null
    return { family, action: 'install', packages: operands }
  }
  const [verb, ...rest] = operands
  const actions = ACTIONS[family]
  for (const action of ['install', 'upgrade', 'update'] as const)
    if (verb !== undefined && actions[action].test(verb.value)) return { family, action, packages: rest }
  return null
}

/** The name of a package without its version, architecture and release. */
const packageName = ({ value }: ShellWord): string => value.replace(/(?<=.)[=<>~@/:].*$/s, '')

/** Whether a command installs one of some packages of the system. */
export function installs(command: ShellCommand, isWanted: (name: string) => boolean): string | null {
  const found = packagesIn(command)
  return found?.action === 'install' ? (found.packages.map(packageName).find(isWanted) ?? null) : null
}
