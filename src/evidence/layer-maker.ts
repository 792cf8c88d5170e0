// What made a layer, as far as its package records depend on it: a RUN of a package manager, a script that may have called one,
// a base image, nobody that is known, or somebody who brought files.
import { flagValue, type Instruction } from '../dockerfile/dockerfile.ts'
import type { Origin } from '../dockerfile/origin.ts'
import { ancestorsOf, stageNamed } from '../dockerfile/stages.ts'
import type { PackageRecord } from '../packages/database.ts'
import { runOf } from '../shell/interpreter.ts'
import { isShell, type ShellCommand } from '../shell/script.ts'
import type { Step } from './steps.ts'

/** What a package manager writes. npm and its like keep no checksums of files. */
type Kind = PackageRecord['kind'] | 'npm'

/** A RUN, with the package managers that it calls. */
interface Run {
  readonly by: 'run'
  readonly managers: ReadonlySet<Kind>
  /** It also runs what is not read: a script, `make`. */
  readonly runsMore: boolean
}

/** A COPY from a stage of the same Dockerfile, with the package managers that the stage calls. It may have files of its own. */
interface Staged {
  readonly by: 'staged'
  readonly managers: ReadonlySet<Kind>
}

/**
 * `base`: it came with the base image. `untold`: nothing says who made it, nor that anybody brought files. `brought`: COPY, ADD,
 * a layer that a builder merged from them, or a RUN that writes into the package databases by hand.
 */
export type LayerMaker = Run | Staged | { readonly by: 'base' } | { readonly by: 'untold' } | { readonly by: 'brought' }

const INSTALL =
  /^(?:install|add|upgrade|dist-upgrade|full-upgrade|build-dep|satisfy|sync|create|update|env|venv|tool|fix|--initdb)$/
const DPKG = /^(?:-i|--install|--unpack|--configure|-[a-zA-Z]*i)$/

const MANAGERS: readonly { readonly names: RegExp; readonly kind: Kind; readonly words: RegExp | null }[] = [
  { names: /^(?:xx-)?apt(?:-get)?$|^(?:aptitude|nala)$/, kind: 'dpkg', words: INSTALL },
  { names: /^dpkg$/, kind: 'dpkg', words: DPKG },
  // Of Debian's slim images: they call apt-get.
  { names: /^(?:install_packages|clean-install|gdebi)$/, kind: 'dpkg', words: null },
  { names: /^(?:xx-)?apk$/, kind: 'apk', words: INSTALL },
  {
    names: /^(?:pip[\d.]*|pipx|uv|poetry|pdm|pipenv|rye|pixi|conda|mamba|micromamba)$/,
    kind: 'python',
    words: INSTALL,
  },
  { names: /^(?:virtualenv|pip-sync)$/, kind: 'python', words: null },
  {
    names: /^(?:npm|pnpm|yarn|bun)$/,
    kind: 'npm',
    words: /^(?:install|ci|i|in|add|update|up|upgrade|global|clean-install|isntall|install-test|it|cit)$/,
  },
]

/** `python3 -m pip install`. */
const MODULES = /^(?:pip|pipx|poetry|pdm|pipenv|uv|venv|virtualenv|ensurepip)$/

/** A program of the system, not one of that name that lies elsewhere. */
const isOfSystem = (program: string): boolean => /^(?:\/(?:usr\/(?:local\/)?)?s?bin\/)?[^/]*$/.test(program)

function managerIn({ name, program, args }: ShellCommand): Kind | null {
  if (/^(?:python|pypy)[\d.]*$/.test(name))
    return args.some(({ value }, at) => value === '-m' && MODULES.test(args[at + 1]?.value ?? '')) ? 'python' : null
  // `yarn` alone installs.
  if (name === 'yarn' && isOfSystem(program) && args.every(({ value }) => value.startsWith('-'))) return 'npm'
  const found = MANAGERS.find(({ names }) => names.test(name))
  // Python's stand in virtual environments too.
  return found !== undefined &&
    (found.kind === 'python' || isOfSystem(program)) &&
    (found.words === null || args.some(({ value }) => found.words?.test(value)))
    ? found.kind
    : null
}

/** Programs that make, bring or change files as their words say, and call nothing. */
const PLAIN =
  /^(?:|\[|addgroup|adduser|aria2c|awk|base64|basename|bunzip2|bzip2|cat|cd|chgrp|chmod|chown|cp|cpio|curl|cut|date|dd|dirname|echo|exit|export|false|find|gpg|grep|groupadd|gunzip|gzip|head|install|ln|ls|md5sum|mkdir|mktemp|mv|openssl|patch|printf|pwd|rm|rmdir|rsync|scp|sed|set|sha1sum|sha256sum|sha512sum|sleep|sort|source|ssh-keygen|stat|strip|tail|tar|tee|test|touch|tr|true|umask|uname|uniq|unset|unxz|unzip|unzstd|update-ca-certificates|useradd|usermod|wc|wget|xz|zip|zstd)$/

/** What a command runs is known from its words. */
const isPlain = (command: ShellCommand): boolean => {
  if (isShell(command.name)) return runOf(command)?.kind === 'code'
  return PLAIN.test(command.name) && isOfSystem(command.program)
}

/** A package database by its path: who writes there by hand may write anything. */
const DATABASE = /md5sums|dpkg\/(?:info|status)|apk\/db\b|dist-info|\bRECORD\b|direct_url/
const HARMLESS = /^(?:apk|apt(?:-get|-cache|-mark)?|aptitude|dpkg.*|du|find|grep|ls|rm|stat|test|\[|wc)$/

const touchesDatabase = ({ name, args, writes }: ShellCommand): boolean =>
  writes.some((path) => DATABASE.test(path)) ||
  (!isShell(name) && !HARMLESS.test(name) && args.some(({ value }) => DATABASE.test(value)))

/** The RUN instructions that made a layer; null where it is of anything else too, or where that is not known. */
export function runsOf(
  layer: number,
  { layers }: Pick<Origin, 'layers'>,
  steps: readonly Step[],
): readonly Step[] | null {
  const from = layers[layer]
  if (from === undefined || (from.instruction === null && from.merged.length === 0)) return null
  const entries = new Set(from.merged.length > 0 ? from.merged : [from.history])
  const made = steps.filter(
    ({ of, location }) => of === 'image' && location.kind === 'history' && entries.has(location.history),
  )
  const isRun =
    made.some(({ keyword }) => keyword === 'RUN') &&
    made.every(({ keyword }) => keyword === 'RUN' || keyword === 'WORKDIR')
  return isRun ? made : null
}

/** What made a layer. */
export function makerOf(layer: number, origin: Origin, steps: readonly Step[]): LayerMaker {
  const { layers, history } = origin
  const from = layers[layer]
  if (from === undefined) return { by: 'brought' }
  if (from.owner === 'base') return { by: 'base' }
  const runs = runsOf(layer, origin, steps)
  if (runs !== null) return runOfSteps(runs)
  const staged = stagedBy(from.source, origin, steps)
  if (staged !== null) return staged
  if (from.owner === 'own' || from.merged.length > 0) return { by: 'brought' }
  const brings = (keyword: string | null): boolean => keyword === 'COPY' || keyword === 'ADD'
  // No history, or one that cannot be laid beside the layers: the first ADD is the root file system of a distribution.
  if (from.history === null)
    return {
      by: history.some(({ instruction }, index) => index > 0 && brings(instruction.keyword)) ? 'brought' : 'untold',
    }
  const keyword = from.instruction?.keyword
  return { by: keyword === null || (keyword === 'ADD' && layer === 0) ? 'untold' : 'brought' }
}

/** What the stage runs that a COPY takes from; null for anything else. */
function stagedBy(source: Instruction | null, { dockerfile }: Origin, steps: readonly Step[]): LayerMaker | null {
  const name = source?.keyword === 'COPY' ? flagValue(source, 'from') : null
  const stage = name === null || dockerfile === null ? null : stageNamed(dockerfile, name)
  if (dockerfile === null || stage === null) return null
  const own = new Set([...ancestorsOf(dockerfile, stage), stage])
  const commands = steps.flatMap((step) =>
    step.of === 'stage' && step.stage !== null && own.has(step.stage) ? step.commands : [],
  )
  return commands.some(touchesDatabase)
    ? { by: 'brought' }
    : { by: 'staged', managers: new Set(commands.flatMap((command) => managerIn(command) ?? [])) }
}

function runOfSteps(steps: readonly Step[]): LayerMaker {
  const commands = steps.flatMap((step) => step.commands)
  if (commands.some(touchesDatabase)) return { by: 'brought' }
  const managers = new Set(commands.flatMap((command) => managerIn(command) ?? []))
  return {
    by: 'run',
    managers,
    runsMore:
      steps.some(({ unread }) => unread !== null) ||
      commands.some((command) => managerIn(command) === null && !isPlain(command)),
  }
}
