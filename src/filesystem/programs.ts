// What can be run in the final tree: shells, package managers, download tools. By what is executable there, whatever the
// image is called.

import { baseName } from '../image/path.ts'
import type { LayerScan } from '../layer/layer-scan.ts'
import type { Filesystem, Version } from './filesystem.ts'

/** Programs by what they offer an intruder; names sorted. */
const SHELLS = new Set([
  'ash',
  'bash',
  'busybox',
  'csh',
  'dash',
  'elvish',
  'fish',
  'hush',
  'ksh',
  'lksh',
  'mksh',
  'nu',
  'oksh',
  'pwsh',
  'sash',
  'sh',
  'static-sh',
  'tcsh',
  'toybox',
  'yash',
  'zsh',
])
const PACKAGE_MANAGERS = new Set([
  'apk',
  'apt',
  'apt-get',
  'aptitude',
  'brew',
  'conda',
  'dnf',
  'dnf5',
  'dpkg',
  'emerge',
  'flatpak',
  'mamba',
  'microdnf',
  'micromamba',
  'nix-env',
  'opkg',
  'pacman',
  'rpm',
  'snap',
  'tdnf',
  'yum',
  'zypper',
])
const UTILITIES = new Set([
  'aria2c',
  'curl',
  'ftp',
  'git',
  'nc',
  'ncat',
  'netcat',
  'nmap',
  'scp',
  'sftp',
  'socat',
  'ssh',
  'tcpdump',
  'telnet',
  'wget',
])

export interface Programs {
  readonly shells: readonly string[]
  readonly packageManagers: readonly string[]
  readonly utilities: readonly string[]
  /** No shell and no package manager. */
  readonly distroless: boolean
}

/** Lists what the final tree can run, each file once under each of its names. */
export function findPrograms(filesystem: Filesystem, scans: readonly LayerScan[]): Programs {
  const kinds = scans.map(({ programs }) => new Map(programs))
  const shells: string[] = []
  const packageManagers: string[] = []
  const utilities: string[] = []
  const named = new Set<Version>()
  const renamed: Version[] = []
  for (const version of filesystem.present()) {
    // What cron or init runs is a script that is called like the program.
    if (version.path.startsWith('/etc/')) continue
    const { type } = version.entry
    if (type !== 'file' && type !== 'hardlink' && type !== 'symlink') continue
    const target = type === 'symlink' ? filesystem.find(version.path) : version
    if (target === null || !isExecutable(target.content.entry, target.entry)) continue
    const kind = kinds[target.content.layer]?.get(target.content.index)
    const name = baseName(version.path)
    if (SHELLS.has(name)) {
      shells.push(version.path)
      named.add(target.content)
    } else if ((kind === 'busybox' || kind === 'bash') && type === 'file') renamed.push(version)
    // The applets `dpkg` and `rpm` of busybox unpack archives; they manage no packages.
    if (PACKAGE_MANAGERS.has(name) && kind !== 'busybox') packageManagers.push(version.path)
    if (UTILITIES.has(name)) utilities.push(version.path)
  }
  // A busybox or bash under another name alone is still a shell.
  for (const version of renamed) if (!named.has(version.content)) shells.push(version.path)
  return { shells, packageManagers, utilities, distroless: shells.length === 0 && packageManagers.length === 0 }
}

const isExecutable = (
  content: { mode: number; type: string; size: number },
  own: { mode: number; type: string },
): boolean =>
  content.type === 'file' &&
  content.size > 0 &&
  ((content.mode | (own.type === 'hardlink' ? own.mode : 0)) & 0o111) !== 0
