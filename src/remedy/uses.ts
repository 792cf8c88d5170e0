// What the commands of a RUN do with a file of the image, told by the words of their grammar: it is named as what it is, a program
// reads it by convention, it is written to, or nobody can tell, since the RUN starts code of the project.
import { minimatch } from 'minimatch'
import type { Step } from '../evidence/steps.ts'
import { baseName, cleanPath, parentOf } from '../image/path.ts'
import type { ShellCommand } from '../shell/script.ts'

/** `open`: code of the project runs, which may read anything. `writes`: also where a directory is changed in which the file would be mounted. */
export type Use = 'none' | 'reads' | 'writes' | 'open'

/** Where a program looks for a file: in its working directory, in a home directory, or at a place of its own. */
interface Convention {
  readonly program: RegExp
  readonly name: RegExp
  readonly at: 'directory' | 'home' | 'both' | RegExp
}

/** Files that programs read without being told. Each vendor documents the places. */
const CONVENTIONS: readonly Convention[] = [
  { program: /^(?:npm|npx|pnpm|yarn|bun|corepack)$/, name: /^\.npmrc$/, at: 'both' },
  { program: /^yarn$/, name: /^\.yarnrc(?:\.yml)?$/, at: 'both' },
  { program: /^(?:curl|wget|git|go|pip3?|uv|poetry|svn)$/, name: /^[._]netrc$/, at: 'home' },
  { program: /^(?:pip3?|uv|pipenv|poetry)$/, name: /^pip\.conf$/, at: /^(?:\/etc|.*\/\.pip|.*\/\.config\/pip)$/ },
  { program: /^(?:twine|uv|flit|python3?)$/, name: /^\.pypirc$/, at: 'home' },
  { program: /^(?:git|go|npm|pip3?|composer|cargo)$/, name: /^\.(?:git-credentials|gitconfig)$/, at: 'home' },
  { program: /^(?:docker|crane|skopeo|buildah)$/, name: /^config\.json$/, at: /\/\.docker$/ },
  { program: /^(?:aws|terraform|sam|cdk|pulumi)$/, name: /^(?:credentials|config)$/, at: /\/\.aws$/ },
  { program: /^(?:git|ssh|scp|sftp|rsync|go|npm|pip3?|composer|cargo)$/, name: /./, at: /\/\.ssh$/ },
  { program: /^mvnw?$/, name: /^settings\.xml$/, at: /\/\.m2$/ },
  { program: /^gradlew?$/, name: /^gradle\.properties$/, at: /./ },
  { program: /^cargo$/, name: /^credentials(?:\.toml)?$/, at: /\/\.cargo$/ },
  { program: /^composer$/, name: /^auth\.json$/, at: /./ },
  { program: /^(?:dotnet|nuget)$/, name: /^nuget\.config$/i, at: /./ },
  { program: /^bundle$/, name: /^config$/, at: /\/\.bundle$/ },
]

/** Files that only tools of a build and people at a terminal read: no application needs them when it runs. */
export const isOfTools = (path: string): boolean =>
  CONVENTIONS.some(
    ({ name, at }) => name.test(baseName(path)) && (!(at instanceof RegExp) || at.test(parentOf(cleanPath(path)))),
  ) || /\/\.git\/|\/\.(?:[a-z]{2,10}_)?history$/.test(path)

const isHome = (directory: string): boolean => /^\/(?:root|home\/[^/]+)$/.test(directory)

const readsByConvention = (program: string, path: string, directory: string): boolean =>
  CONVENTIONS.some(
    (convention) =>
      convention.program.test(program) &&
      convention.name.test(baseName(path)) &&
      (convention.at instanceof RegExp
        ? convention.at.test(parentOf(cleanPath(path)))
        : (convention.at !== 'home' && parentOf(cleanPath(path)) === directory) ||
          (convention.at !== 'directory' && isHome(parentOf(cleanPath(path))))),
  )

/** Programs that change the files that their words name. */
const CHANGERS = /^(?:chgrp|chmod|chown|dos2unix|patch|setfacl|sponge|tee|touch|truncate)$/
/** Their last word is what they write. */
const COPIERS = /^(?:cp|install|ln|mv)$/
/** What takes files away: the plan itself deals with that. */
const REMOVERS = /^(?:rm|shred|unlink)$/
/** Programs that run code of the project, or a script that is given to them. */
const RUNNERS =
  /^(?:ant|artisan|bazel|cmake|deno|docker-entrypoint\.sh|gradlew?|grunt|gulp|invoke|java|jest|just|make|meson|mix|mvnw?|nginx|ninja|node|nox|nx|perl|php|pytest|python[\d.]*|rails|rake|ruby|sbt|task|tox|tsc|turbo|vite|webpack)$/
/** Sub-commands of package managers that run code of the project. */
const RUN_SCRIPTS = /^(?:build|dev|exec|generate|run|run-script|start|test|x)$/
const MANAGERS = /^(?:bun|bundle|cargo|composer|dotnet|go|npm|pipenv|pnpm|poetry|uv|yarn)$/

/** Whether the words of a command that only asks for a version run nothing. */
const isHarmless = ({ args }: ShellCommand): boolean =>
  args.length === 1 && /^(?:--?version|-v|-V|--help|version)$/.test(args[0]?.value ?? '')

function runsProjectCode(command: ShellCommand): boolean {
  const { name, program, args } = command
  if (program.includes('/') && !/^\/(?:usr\/(?:local\/)?)?s?bin\//.test(program)) return true
  if (/^(?:\.|source|eval|ba?sh|da?sh|sh|zsh|npx|bunx)$/.test(name)) return true
  if (MANAGERS.test(name)) return args.some(({ value }) => RUN_SCRIPTS.test(value))
  return RUNNERS.test(name) && !(name.startsWith('python') && args[0]?.value === '-m' && args[1]?.value === 'pip')
}

/** The parts of a word that can be a path: the word, what stands behind `=` or `@`, in any mixture. */
const pathsIn = (word: string): string[] => [word, ...word.split(/[=@,:]/).filter((part) => part !== '')]

const GLOB = /[*?[]/

/** Programs that set the mode and the owner of a file: a mount has both of its own. */
const MODES = /^(?:chgrp|chmod|chown)$/

class Walk {
  readonly #path: string
  readonly #passesModes: boolean
  #directory: string

  constructor(path: string, directory: string, passesModes: boolean) {
    this.#path = path
    this.#directory = directory
    this.#passesModes = passesModes
  }

  #absolute(word: string): string {
    const home = /^(?:~|\$HOME|\$\{HOME\})\//.exec(word)
    if (home !== null) return cleanPath(`/root/${word.substring(home[0].length)}`)
    return cleanPath(word.startsWith('/') ? word : `${this.#directory}/${word}`)
  }

  /** `file`: a word is the file; `above`: a directory that holds it. */
  #named(word: string): 'file' | 'above' | null {
    for (const part of pathsIn(word)) {
      const whole = this.#absolute(part)
      if (whole === this.#path || (GLOB.test(part) && minimatch(this.#path, whole, { dot: true }))) return 'file'
      if (part === word && (whole === '/' || this.#path.startsWith(`${whole}/`))) return 'above'
    }
    return null
  }

  take(command: ShellCommand): Use | 'around' {
    const { name, args, reads, writes } = command
    if (name === 'cd' || name === 'pushd') {
      this.#directory = this.#absolute(args[0]?.value ?? '/root')
      return 'none'
    }
    if (writes.some((word) => this.#named(word) === 'file')) return 'writes'
    if (isHarmless(command)) return 'none'
    if (REMOVERS.test(name)) return 'none'
    const words = args.map(({ value }) => value)
    const named = words.map((word) => this.#named(word))
    if (this.#passesModes && MODES.test(name) && named.includes('file')) return 'none'
    if (CHANGERS.test(name)) return named.includes('file') ? 'writes' : named.includes('above') ? 'around' : 'none'
    if (
      /^(?:sed|perl|ruby)$/.test(name) &&
      words.some((word) => /^-[a-zA-Z]*i|^--in-place/.test(word)) &&
      named.includes('file')
    )
      return 'writes'
    if (COPIERS.test(name)) {
      if (named.at(-1) === 'file' || (name === 'mv' && named.includes('file'))) return 'writes'
      if (named.includes('file')) return 'reads'
      return named.some((each) => each === 'above') ? 'around' : 'none'
    }
    if (named.includes('file') || reads.some((word) => this.#named(word) === 'file')) return 'reads'
    if (readsByConvention(name, this.#path, this.#directory)) return 'reads'
    return runsProjectCode(command) ? 'open' : 'none'
  }
}

/**
 * What a RUN does with a file. `writes` wins over `reads`: a secret mount cannot be written to.
 * @param path in the image
 * @param directory where the RUN starts
 * @param passesModes what sets mode and owner of the file is passed over
 */
export function useOf(
  step: Pick<Step, 'commands' | 'unread'>,
  path: string,
  directory: string,
  { passesModes = false }: { readonly passesModes?: boolean } = {},
): Use {
  const walk = new Walk(path, directory, passesModes)
  const uses = step.commands.map((command) => walk.take(command))
  if (uses.includes('writes') || (uses.includes('reads') && uses.includes('around'))) return 'writes'
  if (uses.includes('reads')) return 'reads'
  return uses.includes('open') || step.unread !== null ? 'open' : 'none'
}

/** Whether a RUN of another stage may need a file of that name, wherever it is there. */
export const mayNeed = ({ commands }: Pick<Step, 'commands'>, path: string): boolean =>
  commands.some(
    ({ name, args, reads }) =>
      [...args.map(({ value }) => value), ...reads].some((word) =>
        pathsIn(word).some((part) => baseName(part) === baseName(path)),
      ) ||
      CONVENTIONS.some(
        (convention) =>
          convention.program.test(name) && convention.name.source !== '.' && convention.name.test(baseName(path)),
      ),
  )

/** Commands after which another RUN would run otherwise than in a shell of its own. */
const STATEFUL = /^(?:\.|alias|cd|exec|exit|popd|pushd|set|shopt|source|trap|ulimit|umask|unset)$/

/** Whether RUNs mean the same when they are written as one. */
export const areJoinable = (steps: readonly Pick<Step, 'commands' | 'unread' | 'text'>[]): boolean =>
  steps.every(
    ({ commands, unread, text }) =>
      unread === null &&
      !commands.some(({ name }) => STATEFUL.test(name)) &&
      !/(?<![&>|<])&(?![&>\d])|;\s*$/.test(text),
  )
