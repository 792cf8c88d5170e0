// What a build fetches from the network, and what becomes of it: run, installed, checked before or not. Followed through
// pipes, substitutions, files and variables, from one RUN to the next.
import { minimatch } from 'minimatch'
import { MATCH_OPTIONS } from '../image/reference-pattern.ts'
import { isInterpreter, runOf } from '../shell/interpreter.ts'
import { optionsIn } from '../shell/options.ts'
import { isShell, type ShellCommand } from '../shell/script.ts'
import type { ShellWord } from '../shell/words.ts'
import type { Step } from './steps.ts'

interface Use {
  /** `run`: a shell or another interpreter runs it; `install`: it is unpacked or made executable. */
  readonly kind: 'run' | 'install'
  readonly step: Step
  readonly command: ShellCommand
  /** `pipes … into sh`, after the name of the program that downloads. */
  readonly how: string
  /** A checksum or signature was checked before. */
  readonly isVerified: boolean
}

export interface Download {
  readonly step: Step
  /** null for ADD. */
  readonly command: ShellCommand | null
  /** What downloads: `curl`, `ADD`. */
  readonly by: string
  /** As far as it is known; null where it is not. */
  readonly url: string | null
  readonly uses: readonly Use[]
  readonly isVerified: boolean
}

interface Tracked extends Download {
  readonly uses: Use[]
  isVerified: boolean
}

const DOWNLOADERS = new Set(['aria2c', 'axel', 'curl', 'fetch', 'http', 'https', 'lwp-download', 'wget', 'xh'])
const CHECKSUMS = /^(?:sha(?:1|224|256|384|512)?sum|shasum|md5sum|b2sum|cksum|rhash|openssl)$/
const BIN = /^(?:\/usr(?:\/local)?|\/opt\/[^/]+|)\/s?bin\//
/** Files that are programs as they are. */
const PROGRAMS = /\.(?:jar|war|phar|whl|deb|rpm|apk|so|run|appimage)$/i
/** Keys, lists and signatures: text that installs nothing. */
const SIGNATURES = /\.(?:gpg|asc|sig|list|key|pub|pem|crt|sources|sha\d\w*)$/
const COMPRESSED = /\.(?:gz|xz|bz2|zst|lzma|Z)$/i
const LOCAL = /^(?:https?|ftp):\/\/(?:[^/@]*@)?(?:localhost|127\.|0\.0\.0\.0|\[::1?\]|host\.docker\.internal|unix)/i

/** Whether anyone on the way can change what a URL yields. */
export const isPlainHttp = (url: string | null): boolean =>
  url !== null && /^(?:http|ftp|git):\/\//i.test(url) && !LOCAL.test(url)

const baseOf = (path: string): string => path.replace(/(?<!\/)\/+$/, '').replace(/^.*\//s, '')

/** Whether a word of a command can be a file; the working directory of a RUN is not followed. */
function sameFile(word: string, path: string): boolean {
  const [left, right] = [word.replace(/^\.\//, ''), path.replace(/^\.\//, '')]
  if (left === right) return true
  if (left.startsWith('/') && right.startsWith('/') && !left.includes('*')) return false
  const name = baseOf(left)
  return (
    name === baseOf(right) || (name.includes('*') && name.length > 1 && minimatch(baseOf(right), name, MATCH_OPTIONS))
  )
}

/** The URL that a downloader's operand is; curl takes one without a scheme as plain http. */
function urlOf(name: string, words: readonly ShellWord[]): string | null {
  const found =
    words.find(({ value }) => /^(?:https?|ftps?):\/\//i.test(value)) ??
    words.find(({ value }) => value.includes('://') && !value.startsWith('-'))
  if (found !== undefined) return found.value
  const bare = words.find(({ value }) => /^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}(?::\d+)?(?:\/|$)/i.test(value))
  return bare !== undefined && (name === 'curl' || name === 'wget')
    ? `http://${bare.value}`
    : (words.find(({ kind }) => kind !== 'literal')?.value ?? null)
}

const nameInUrl = (url: string): string => baseOf((url.split(/[?#]/)[0] ?? '').replace(/^\w+:\/\//, ''))

/** What a downloader fetches, and the files that it writes; `-` for standard output. null for a command that fetches nothing. */
function fetched(command: ShellCommand): { url: string | null; files: string[] } | null {
  const { name, writes } = command
  if (!DOWNLOADERS.has(name)) return null
  const options = optionsIn(command)
  if (options.has('--head', '--spider', '--version', '--help') || (name === 'curl' && options.has('-I', '-V')))
    return null
  const words = [...options.values('--url'), ...options.operands]
  const url = urlOf(name, words)
  if (url === null && words.length === 0 && !options.has('-i', '--input-file')) return null
  if (url !== null && LOCAL.test(url)) return null
  if (writes.length > 0) return { url, files: [...writes] }
  const named =
    name === 'wget'
      ? options.values('-O', '--output-document')
      : name === 'aria2c'
        ? options.values('-o', '--out')
        : name === 'curl' || name === 'axel' || name === 'fetch' || name === 'http' || name === 'https' || name === 'xh'
          ? options.values('-o', '--output')
          : []
  const directory = options.value('-P', '--directory-prefix', '--output-dir', '-d', '--dir')?.value ?? null
  if (named.length > 0) return { url, files: named.map(({ value }) => value) }
  const keepsName =
    name === 'wget' ||
    name === 'aria2c' ||
    name === 'axel' ||
    (name === 'curl' && options.has('-O', '--remote-name', '--remote-name-all'))
  if (!keepsName) return { url, files: ['-'] }
  return {
    url,
    files: words
      .filter(({ value }) => value.includes('/'))
      .map(({ value }) =>
        directory === null ? nameInUrl(value) : `${directory.replace(/\/$/, '')}/${nameInUrl(value)}`,
      ),
  }
}

/** Words of code that fetch, and words that run what was fetched. */
const FETCHING =
  /\b(?:urlopen|urlretrieve|copy|file_get_contents|file_put_contents|DownloadString|DownloadFile|Invoke-WebRequest|Invoke-RestMethod|iwr|irm|LWP|get|getstore|open|fetch|URI)\b/i
const EXECUTING = /\b(?:exec|eval|iex|Invoke-Expression|system|instance_eval)\b/i

/** What code given to an interpreter fetches and runs itself. */
function fetchedInCode(code: string): { url: string; file: string | null; runs: boolean } | null {
  const at = /['"]?((?:https?|ftp):\/\/[^\s'"()]+)['"]?(?:\s*,\s*['"]([^'"]+)['"])?/i.exec(code)
  if (at?.[1] === undefined || !FETCHING.test(code) || LOCAL.test(at[1])) return null
  return { url: at[1], file: at[2] ?? null, runs: EXECUTING.test(code) }
}

/** Whether a command compares a checksum or verifies a signature, and fails where it does not fit. */
function verifies(command: ShellCommand): boolean {
  const { name, args, fedBy } = command
  const words = args.map(({ value }) => value)
  const has = (...wanted: string[]): boolean => wanted.some((word) => words.includes(word))
  if (CHECKSUMS.test(name))
    return (
      command.isTested ||
      (name === 'openssl'
        ? has('-verify', '-signature')
        : words.some((word) => /^-[abd-zA-Z]*c[a-zA-Z]*$/.test(word) || /^--check/.test(word)))
    )
  if (/^gpg2?$/.test(name)) return words.some((word) => /^--verif/.test(word) || word === '--decrypt' || word === '-d')
  if (/^(?:gpgv2?|sqv|gosu-verify)$/.test(name)) return true
  if (/^(?:cosign|minisign|signify|slsa-verifier|jarsigner|sq|gh|ssh-keygen|apt-key)$/.test(name))
    return words.some((word) => /^(?:verify|verify-blob|verify-artifact|-V|-Vm|-verify|attestation|-Y)$/.test(word))
  if (name === 'rpm' || name === 'rpmkeys') return has('-K', '--checksig')
  // `sha256sum file | grep -q SUM`, `… | diff - sums`.
  if (/^(?:grep|egrep|fgrep|diff|cmp|awk)$/.test(name)) return fedBy.some((feeder) => CHECKSUMS.test(feeder.name))
  const run = runOf(command)
  return run?.kind === 'code' && /hash_file|hashlib|sha(?:256|384|512)|Get-FileHash/i.test(run.word.value)
}

/** The texts that tell which files a check is about. */
const aboutOf = ({ args, input, fedBy, reads }: ShellCommand): string =>
  [
    ...args.map(({ value }) => value),
    input ?? '',
    ...reads,
    ...fedBy.flatMap((feeder) => [...feeder.args.map(({ value }) => value), feeder.input ?? '']),
  ].join('\n')

const isSame = (a: ShellCommand, b: ShellCommand): boolean => a.name === b.name && a.text === b.text

/** Words of an archive tool that unpack. */
function unpacks({ name, args }: ShellCommand): boolean {
  const [first = ''] = args.map(({ value }) => value)
  if (/^(?:tar|bsdtar|gtar)$/.test(name))
    return (
      args.some(({ value }) => value === '--extract' || value === '--get' || /^-[a-zA-Z]*x/.test(value)) ||
      /^[a-wyzA-Z]*x[a-zA-Z]*$/.test(first)
    )
  if (/^(?:unzip|unar|unrar|cpio|pax|dpkg-deb|ar|rpm2cpio)$/.test(name)) return true
  return /^7z[ar]?$/.test(name) && /^[xe]$/.test(first)
}

/** Installers that take a file, and the words that make them install. */
const INSTALLERS: Readonly<Record<string, RegExp>> = {
  alien: /^-/,
  apk: /^add$/,
  apt: /^install$/,
  'apt-get': /^install$/,
  dnf: /^(?:install|localinstall)$/,
  dpkg: /^(?:-i|--install)$/,
  gdebi: /./,
  gem: /^install$/,
  installer: /./,
  java: /^-jar$/,
  microdnf: /^install$/,
  npm: /^(?:i|install|add)$/,
  opkg: /^install$/,
  pip: /^install$/,
  pip3: /^install$/,
  rpm: /^-[a-hj-zA-TV-Z]*[iU][a-zA-Z]*$|^--(?:install|upgrade)$/,
  yarn: /^(?:add|global)$/,
  yum: /^(?:install|localinstall)$/,
  zypper: /^(?:in|install)$/,
}

const isInstaller = ({ name, args }: ShellCommand): boolean =>
  Object.hasOwn(INSTALLERS, name) && args.some(({ value }) => INSTALLERS[name]?.test(value))

/** Installers that take a bare word for the name of a package, even where a file is called so. */
const NAMED = /^(?:apk|apt|apt-get|dnf|gem|microdnf|npm|pip3?|yarn|yum|zypper)$/

/** Whether an installer reads a word as a file: one of a directory, or with the ending of a package. */
const namesFile = (installer: string, word: string): boolean =>
  !NAMED.test(installer) ||
  word.includes('/') ||
  /^file:|\.(?:whl|zip|tar(?:\.\w+)?|tgz|tbz2?|txz|gem|deb|rpm|apk)$/i.test(word)

/** Modes that let a file be run. */
const makesExecutable = (mode: string): boolean =>
  /^[0-7]{3,4}$/.test(mode) ? /[1357]/.test(mode.slice(-3)) : /\+[rwst]*[xX]|=[rw]*x/.test(mode)

/** A package that an installer fetches by itself. */
const PACKAGE_URL = /^(?:https?|ftp):\/\/.+\.(?:rpm|deb|apk|whl|tgz|tar\.gz|zip|gem)(?:[?#].*)?$/is

/** Files that are followed at a time, and words of a command that may name one: more than people write. */
const MAX_FILES = 100
const MAX_WORDS = 500

/** Whether a variable stands in code where a command starts, and not as an argument of one. */
const runsVariable = (code: string, name: string): boolean =>
  [...code.matchAll(/(?:^|[;&|\n({])[\s"']{0,8}(?:eval[\s"']{1,8})?\$\{?(\w+)/g)].some(([, known]) => known === name)

class Flow {
  readonly downloads: Tracked[] = []
  /** By path, as written. */
  readonly #files: { path: string; download: Tracked }[] = []
  /** Variables that hold what was downloaded. */
  readonly #variables = new Map<string, Tracked>()
  /** Of the step that is read, by the position of the command: what feeds a later one is a copy of it. */
  readonly #byPosition = new Map<number, { command: ShellCommand; download: Tracked }>()
  #step: Step | null = null

  /** A download that is known to be checked where it is made, as ADD --checksum is. */
  add(
    step: Step,
    command: ShellCommand | null,
    by: string,
    url: string | null,
    files: readonly string[],
    isVerified = false,
  ): Tracked {
    const download: Tracked = { step, command, by, url, uses: [], isVerified }
    this.downloads.push(download)
    for (const path of files) if (path !== '-' && !path.startsWith('/dev/')) this.#track(path, download)
    if (command !== null) this.#byPosition.set(command.position, { command, download })
    return download
  }

  #use(download: Tracked, kind: Use['kind'], step: Step, command: ShellCommand, how: string): void {
    if (!download.uses.some((use) => use.kind === kind))
      download.uses.push({ kind, step, command, how, isVerified: download.isVerified })
  }

  #downloadOf(command: ShellCommand): Tracked | null {
    const known = this.#byPosition.get(command.position)
    return known !== undefined && isSame(known.command, command) ? known.download : null
  }

  /** Follows a file. Copies of copies do not add up without end. */
  #track(path: string, download: Tracked): void {
    if (this.#files.some((file) => file.path === path && file.download === download)) return
    this.#files.push({ path, download })
    if (this.#files.length > MAX_FILES) this.#files.shift()
  }

  #fileIn(words: readonly string[]): { path: string; download: Tracked } | null {
    // The same name again is the later file; the whole path tells more than the name.
    return (
      this.#files.findLast(({ path }) => words.includes(path)) ??
      this.#files.findLast(({ path }) => words.some((word) => sameFile(word, path))) ??
      null
    )
  }

  #verify(step: Step, command: ShellCommand): void {
    const about = aboutOf(command)
    const named = this.#files.filter(({ path }) => about.includes(baseOf(path)))
    // Where no file is named, it is about what the same RUN downloaded before.
    for (const { download } of named.length > 0 ? named : this.#files.filter((file) => file.download.step === step))
      download.isVerified = true
  }

  take(step: Step, command: ShellCommand): void {
    if (step !== this.#step) this.#byPosition.clear()
    this.#step = step
    // Substitutions are taken with the command that holds them, and stand behind it in the list.
    if (this.#downloadOf(command) !== null) return
    const { name, args, fedBy, substituted, writes, assignments } = command
    const words = args.slice(0, MAX_WORDS).map(({ value }) => value)
    const run = runOf(command)
    const got = fetched(command)
    const direct = isInstaller(command)
      ? optionsIn(command).operands.find(({ value }) => PACKAGE_URL.test(value))
      : undefined
    if (direct !== undefined) {
      const download = this.add(step, command, name, direct.value, [], /#sha(?:256|384|512)[=-]/.test(direct.value))
      this.#use(download, 'install', step, command, 'installs it')
      return
    }
    const code =
      run?.kind === 'code' && run.word.kind !== 'open' && name !== 'eval' && !isShell(name)
        ? fetchedInCode(run.word.value)
        : null
    if (got !== null) {
      this.add(step, command, name, got.url, got.files)
      return
    }
    if (code !== null) {
      const download = this.add(step, command, name, code.url, code.file === null ? [] : [code.file])
      if (code.runs) this.#use(download, 'run', step, command, `runs what its own code downloads`)
      return
    }
    for (const inner of substituted) this.take(step, inner)
    if (verifies(command)) this.#verify(step, command)
    // A checksum that is kept is kept to be compared.
    if (name === '' && assignments.length > 0)
      for (const inner of substituted) if (CHECKSUMS.test(inner.name)) this.#verify(step, inner)
    const piped =
      fedBy
        .flatMap((feeder) => [feeder, ...(/^(?:echo|printf)$/.test(feeder.name) ? feeder.substituted : [])])
        .map((feeder) => this.#downloadOf(feeder))
        .findLast((download) => download !== null) ?? null
    const inside = substituted.map((inner) => this.#downloadOf(inner)).find((download) => download !== null) ?? null

    const filled = piped ?? inside
    if (filled !== null && /^(?:read|mapfile|readarray)$/.test(name))
      for (const { value } of optionsIn(command).operands) this.#variables.set(value, filled)
    if (inside !== null)
      for (const { name: variable, value } of assignments)
        if (value.kind === 'open') this.#variables.set(variable, inside)
    if (run !== null) this.#run(step, command, run, piped, inside)
    if (piped !== null) {
      if (unpacks(command)) this.#use(piped, 'install', step, command, `unpacks it with ${name}`)
      const target = name === 'tee' ? optionsIn(command).operands.map(({ value }) => value) : writes
      for (const path of target) if (!path.startsWith('/dev/') && !SIGNATURES.test(path)) this.#track(path, piped)
    }
    this.#takeFiles(step, command, words)
  }

  #run(
    step: Step,
    command: ShellCommand,
    run: NonNullable<ReturnType<typeof runOf>>,
    piped: Tracked | null,
    inside: Tracked | null,
  ): void {
    const { name } = command
    if (run.kind === 'input') {
      const read =
        piped ?? (command.input?.startsWith('$(') ? inside : null) ?? this.#fileIn(command.reads)?.download ?? null
      if (read !== null) this.#use(read, 'run', step, command, `pipes what ${read.by} downloads into ${name}`)
      return
    }
    if (run.word.kind === 'open' && inside !== null)
      this.#use(inside, 'run', step, command, `runs what ${inside.by} downloads with ${name}`)
    else if (run.kind === 'code') {
      const variable =
        run.word.kind === 'variable'
          ? [...this.#variables].find(([known]) => runsVariable(run.word.value, known))
          : undefined
      if (variable !== undefined)
        this.#use(variable[1], 'run', step, command, `runs what ${variable[1].by} downloaded with ${name}`)
    } else {
      const file = this.#fileIn([run.word.value])
      if (file !== null)
        this.#use(file.download, 'run', step, command, `runs ${file.path}, which ${file.download.by} downloaded`)
    }
  }

  #takeFiles(step: Step, command: ShellCommand, words: readonly string[]): void {
    const { name, program, reads } = command
    if (program.includes('/') && !isInterpreter(name)) {
      const file = this.#fileIn([program])
      if (file !== null)
        this.#use(file.download, 'run', step, command, `runs ${file.path}, which ${file.download.by} downloaded`)
    }
    const file = this.#fileIn([...words, ...reads])
    if (file === null) return
    const { operands } = optionsIn(command)
    const last = operands.at(-1)?.value ?? ''
    const every = this.#files.filter(({ path }) => [...words, ...reads].some((word) => sameFile(word, path)))
    for (const { path, download } of every) {
      if (unpacks(command)) this.#use(download, 'install', step, command, `unpacks it with ${name}`)
      else if (isInstaller(command)) {
        if (words.some((word) => sameFile(word, path) && namesFile(name, word)))
          this.#use(download, 'install', step, command, `installs it with ${name}`)
      } else if (name === 'chmod' && words.some(makesExecutable))
        this.#use(download, 'install', step, command, 'makes it executable')
      else if (/^(?:mv|cp|install|ln|rsync)$/.test(name) && operands.length >= 2 && path !== last) {
        const target = last.endsWith('/') || operands.length > 2 ? `${last.replace(/\/$/, '')}/${baseOf(path)}` : last
        this.#track(target, download)
        const mode = name === 'install' ? (optionsIn(command).value('-m', '--mode')?.value ?? '755') : ''
        if (BIN.test(`${target}/`) || (mode !== '' && makesExecutable(mode) && BIN.test(target)))
          this.#use(download, 'install', step, command, `puts it into ${target}`)
      } else if (/^(?:gunzip|unxz|bunzip2|unzstd|gzip|xz|bzip2|zstd)$/.test(name) && COMPRESSED.test(path))
        this.#track(path.replace(COMPRESSED, ''), download)
    }
    const written = command.writes.find((path) => !path.startsWith('/dev/'))
    if (written !== undefined && /^(?:zcat|xzcat|bzcat|cat|gunzip|xz|gzip|base64|sed|openssl)$/.test(name))
      this.#track(written, file.download)
  }
}

const known = new WeakMap<readonly Step[], readonly Download[]>()

/** The last word of ADD or COPY. */
const targetOf = (text: string, url: string): string => {
  const target = text.trim().split(/\s+/).at(-1) ?? ''
  return target.endsWith('/') ? `${target}${nameInUrl(url)}` : target
}

/** What the steps fetch from the network by commands and by ADD, in their order. */
export function downloadsOf(steps: readonly Step[]): readonly Download[] {
  const before = known.get(steps)
  if (before !== undefined) return before
  const flows = new Map<unknown, Flow>()
  for (const step of steps) {
    // A stage has files of its own; the history of an image is one line of them.
    const key = step.of === 'image' ? 'image' : step.stage
    const flow = flows.get(key) ?? new Flow()
    flows.set(key, flow)
    if (step.keyword === 'ADD') {
      const url = step.text
        .split(/\s+/)
        .find((word) => /^(?:https?|ftp):\/\//i.test(word) && !/\.git(?:#|$)/.test(word))
      if (url !== undefined)
        flow.add(
          step,
          null,
          'ADD',
          url,
          [targetOf(step.text, url)],
          step.flags?.some((flag) => flag.startsWith('--checksum=')) ?? false,
        )
    }
    for (const command of step.commands) flow.take(step, command)
  }
  const found = [...flows.values()].flatMap(({ downloads }) => downloads)
  // Programs that stay where they were downloaded to are installed too, and can be checked there.
  for (const { command, step, uses, isVerified } of found) {
    const file =
      command === null
        ? undefined
        : fetched(command)?.files.find((path) => PROGRAMS.test(path) || (BIN.test(path) && !SIGNATURES.test(path)))
    if (command !== null && file !== undefined && uses.length === 0)
      uses.push({ kind: 'install', step, command, how: `writes it to ${file}`, isVerified })
  }
  known.set(steps, found)
  return found
}
