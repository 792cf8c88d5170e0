// Shell text as commands: what is run, with which words, fed by what. Parsed by unbash; text that is no valid shell gives
// the commands that could be read, and says that it is not whole.
import {
  type Command as AstCommand,
  forEachChild,
  type Pipeline,
  parse,
  type Redirection,
  type SyntaxNode,
} from 'unbash'
import { literalWord, type ShellWord, type Variables, wordOf } from './words.ts'

/** One simple command, the words before it that only start it (sudo, env, time) taken off. */
export interface ShellCommand {
  /** The program's name without its directory; empty where only variables are set or a file is redirected. */
  readonly name: string
  /** The program as written, with its directory. */
  readonly program: string
  /** Programs that were taken off the front, outermost first: `sudo`, `gosu`, `env`. */
  readonly through: readonly string[]
  /** What xargs or parallel puts its input in place of, `{}`; empty where it puts it behind the words; null without them. */
  readonly replaced: string | null
  /** Words after the name. */
  readonly args: readonly ShellWord[]
  /** `NAME=value` in front of the command, or exported by it. */
  readonly assignments: readonly { readonly name: string; readonly value: ShellWord }[]
  /** The command as written. */
  readonly text: string
  /** Where it starts and ends in the text of the whole script. */
  readonly position: number
  readonly end: number
  /** What feeds its standard input in a pipeline, nearest last. */
  readonly fedBy: readonly ShellCommand[]
  /** Commands in `$(…)`, backquotes and `<(…)` among its words. */
  readonly substituted: readonly ShellCommand[]
  /** Files that its output is written to. */
  readonly writes: readonly string[]
  /** Files that its input is read from. */
  readonly reads: readonly string[]
  /** A here-document or here-string on its standard input; null for none. */
  readonly input: string | null
  /** Where that text starts. */
  readonly inputPosition: number
  /** What it prints is compared: it stands in `[ … ]`, `[[ … ]]` or `test`. */
  readonly isTested: boolean
}

export interface Script {
  /** In the order of the text; commands inside substitutions and `sh -c` texts after the command that holds them. */
  readonly commands: readonly ShellCommand[]
  /** Parts that are no valid shell. */
  readonly incomplete: boolean
}

/** Programs that run the rest of their words: options of theirs that take the next word along. Names sorted. */
const STARTERS: Readonly<Record<string, RegExp>> = {
  busybox: /^$/,
  catchsegv: /^$/,
  chroot: /^$/,
  command: /^$/,
  doas: /^-[uC]$/,
  'dumb-init': /^$/,
  eatmydata: /^$/,
  env: /^(?:-u|--unset|-C|--chdir)$/,
  exec: /^-a$/,
  fakeroot: /^-[lsib]$/,
  flock: /^-[wE]$/,
  gosu: /^$/,
  ionice: /^-[cn]$/,
  linux32: /^$/,
  linux64: /^$/,
  nice: /^-n$/,
  nohup: /^$/,
  parallel:
    /^(?:-[aCdIjLnNPS]|--(?:arg-file|colsep|delay|delimiter|jobs|joblog|max-args|max-procs|results|retries|sshlogin|timeout|tmpdir|workdir))$/,
  retry: /^-[tsmd]$/,
  's6-setuidgid': /^$/,
  setarch: /^$/,
  setpriv:
    /^--(?:reuid|regid|groups|inh-caps|ambient-caps|bounding-set|securebits|pdeathsig|selinux-label|apparmor-profile)$/,
  setsid: /^$/,
  setuidgid: /^$/,
  stdbuf: /^-[ioe]$/,
  'su-exec': /^$/,
  sudo: /^(?:-[ugpCrtTDRh]|--user|--group)$/,
  time: /^-[fo]$/,
  timeout: /^-[ks]$/,
  tini: /^-[pe]$/,
  unshare: /^$/,
  xargs: /^(?:-[aEIJLnPRSsd]|--(?:arg-file|delimiter|max-args|max-chars|max-procs|process-slot-var))$/,
}
/** Words of its own after the options: `timeout 5 curl`, `gosu app curl`. */
const OPERANDS: Readonly<Record<string, number>> = {
  chroot: 1,
  flock: 1,
  gosu: 1,
  's6-setuidgid': 1,
  setuidgid: 1,
  'su-exec': 1,
  timeout: 1,
}
const SHELLS = /^(?:ba|da|a|z|k|mk)?sh$/
/** Texts in texts and substitutions in substitutions. */
const MAX_DEPTH = 24
/** Characters of one script; no RUN that people write comes near. */
const MAX_TEXT = 128 << 10
/** Commands of a pipeline that are remembered for those behind them. */
const MAX_FEEDERS = 8
/** Commands of one script. */
const MAX_COMMANDS = 10_000

/** Whether a name is that of a shell that reads this grammar. */
export const isShell = (name: string): boolean => SHELLS.test(name)

/**
 * Parses shell text.
 * @param known variables that have a value when it starts
 */
export function parseScript(text: string, known: Variables = new Map()): Script {
  const reader = new Reader(new Map(known))
  reader.read(text, 0, 0)
  return { commands: reader.commands, incomplete: reader.incomplete }
}

/** A command given as words, as the exec form of RUN does; `sh -c` and its like are read on. */
export function parseWords(words: readonly string[], known: Variables = new Map()): Script {
  const reader = new Reader(new Map(known))
  reader.add(
    words.map((word) => literalWord(word)),
    { text: words.join(' '), position: 0, end: 0, fedBy: [], assignments: [], redirects: [] },
    0,
    0,
  )
  return { commands: reader.commands, incomplete: reader.incomplete }
}

interface Around extends Pick<ShellCommand, 'text' | 'position' | 'end' | 'fedBy' | 'assignments'> {
  readonly redirects: readonly Redirection[]
}

class Reader {
  readonly commands: ShellCommand[] = []
  incomplete = false
  readonly #variables: Map<string, string>

  constructor(variables: Map<string, string>) {
    this.#variables = variables
  }

  /**
   * Reads a text.
   * @param base where it starts in the outermost one
   * @returns the commands that it runs
   */
  read(text: string, base: number, depth: number, fedBy: readonly ShellCommand[] = []): ShellCommand[] {
    if (text.length > MAX_TEXT || depth > MAX_DEPTH) {
      this.incomplete = true
      return []
    }
    const root = parse(text)
    if ((root.errors?.length ?? 0) > 0) this.incomplete = true
    return this.#visit(root, fedBy, text, base, depth)
  }

  #visit(node: SyntaxNode, fedBy: readonly ShellCommand[], text: string, base: number, depth: number): ShellCommand[] {
    if (depth > MAX_DEPTH) {
      this.incomplete = true
      return []
    }
    if (node.type === 'Command') {
      return this.#command(node, fedBy, text, base, depth)
    }
    if (node.type === 'Pipeline') return this.#pipeline(node, fedBy, text, base, depth)
    // `{ …; } > file` and `done > file`: the output of all that is inside.
    if (node.type === 'Redirected') {
      const first = this.commands.length
      const found = this.#visit(node.command, fedBy, text, base, depth)
      const writes = this.#files(node.redirects, '>')
      if (writes.length > 0) this.#change(first, (command) => ({ ...command, writes: [...command.writes, ...writes] }))
      return found
    }
    const found: ShellCommand[] = []
    const first = this.commands.length
    forEachChild(node, (child) => found.push(...this.#visit(child, fedBy, text, base, depth)))
    if (node.type === 'TestCommand') this.#change(first, (command) => ({ ...command, isTested: true }))
    return found
  }

  /** Changes what was added from an index on. */
  #change(first: number, change: (command: ShellCommand) => ShellCommand): void {
    for (let index = first; index < this.commands.length; index++) {
      const command = this.commands[index]
      if (command !== undefined) this.commands[index] = change(command)
    }
  }

  #pipeline(node: Pipeline, fedBy: readonly ShellCommand[], text: string, base: number, depth: number): ShellCommand[] {
    let before = fedBy
    const all: ShellCommand[] = []
    for (const part of node.commands) {
      const own = this.#visit(part, before, text, base, depth)
      all.push(...own)
      before = [...before, ...own].slice(-MAX_FEEDERS)
    }
    return all
  }

  #substituted(node: SyntaxNode, text: string, base: number, depth: number): ShellCommand[] {
    const found: ShellCommand[] = []
    const search = (child: SyntaxNode): void => {
      if ((child.type === 'CommandExpansion' || child.type === 'ProcessSubstitution') && child.script !== undefined) {
        if (child.script.errors?.length) this.incomplete = true
        // Text in escaped backquotes has positions of its own.
        const { source } = child.script
        found.push(
          ...this.#visit(
            child.script,
            [],
            source ?? text,
            source === undefined ? base : base + child.pos + 1,
            depth + 1,
          ),
        )
      } else forEachChild(child, search)
    }
    forEachChild(node, search)
    return found
  }

  #command(
    node: AstCommand,
    fedBy: readonly ShellCommand[],
    text: string,
    base: number,
    depth: number,
  ): ShellCommand[] {
    const assignments = [...node.prefix, ...node.args].flatMap((part) =>
      part.type === 'Assignment' && part.value.type === 'Word'
        ? [{ name: part.name, value: wordOf(part.value, this.#variables, base) }]
        : [],
    )
    const words = [
      ...(node.name === undefined ? [] : [node.name]),
      ...node.args.filter((arg) => arg.type === 'Word'),
    ].map((word) => wordOf(word, this.#variables, base))
    const added = this.add(
      words,
      {
        text: text.slice(node.pos, node.end),
        position: base + node.pos,
        end: base + node.end,
        fedBy,
        assignments,
        redirects: node.redirects,
      },
      base,
      depth,
      () => this.#substituted(node, text, base, depth),
    )
    // What stays set for the commands behind it.
    if (words.length === 0 || /^(?:export|local|declare|typeset|readonly)$/.test(added[0]?.name ?? ''))
      for (const { name, value } of assignments) {
        if (value.kind === 'open') this.#variables.delete(name)
        else this.#variables.set(name, value.value)
      }
    return added
  }

  /** Adds a command, and behind it those that it runs. @returns it, and those of the scripts that it runs */
  add(
    words: readonly ShellWord[],
    around: Around,
    base: number,
    depth: number,
    inner: () => ShellCommand[] = () => [],
  ): ShellCommand[] {
    if (this.commands.length >= MAX_COMMANDS) {
      this.incomplete = true
      return []
    }
    const { program, args, assigned, through, replaced } = unwrap(words)
    const name = programName(program?.value)
    const document = around.redirects.find((redirect) => redirect.type !== 'Redirect')
    const command: ShellCommand = {
      name,
      program: program?.value ?? '',
      through,
      replaced,
      args,
      assignments: [...around.assignments, ...assigned],
      text: around.text,
      position: around.position,
      end: around.end,
      fedBy: around.fedBy,
      substituted: [],
      writes: this.#files(around.redirects, '>'),
      reads: this.#files(around.redirects, '<'),
      isTested: false,
      inputPosition: document?.type === 'HereDoc' ? base + document.body.pos : around.position,
      input:
        document === undefined
          ? null
          : document.type === 'HereDoc'
            ? document.body.text
            : document.target === undefined
              ? null
              : wordOf(document.target, this.#variables).value,
    }
    const index = this.commands.push(command) - 1
    const complete = { ...command, substituted: inner() }
    this.commands[index] = complete
    if (name === '[' || name === 'test') this.#change(index + 1, (tested) => ({ ...tested, isTested: true }))
    // `sh -c 'text'` and `sh <<EOF` run their text as commands of their own.
    const script = innerScript(name, args)
    const before = around.fedBy.at(-1)
    const all: ShellCommand[] = [complete]
    if (script !== null) all.push(...this.read(script.value, script.position + 1, depth + 1, around.fedBy))
    else if (document?.type === 'HereDoc' && readsScript(name, args, document.body.text))
      all.push(...this.read(document.body.text, base + document.body.pos, depth + 1))
    // `cat <<EOF | sh`
    else if (
      before?.name === 'cat' &&
      before.input !== null &&
      before.args.length === 0 &&
      readsScript(name, args, before.input)
    )
      all.push(...this.read(before.input, before.inputPosition, depth + 1))
    if (name === 'find')
      for (const run of executed(args))
        all.push(...this.add(run, { ...around, fedBy: [], assignments: [], redirects: [] }, base, depth))
    return all
  }

  #files(redirects: readonly Redirection[], direction: '<' | '>'): string[] {
    return redirects.flatMap((redirect) =>
      redirect.type === 'Redirect' &&
      redirect.operator.includes(direction) &&
      !redirect.operator.startsWith('>&') &&
      !redirect.operator.startsWith('<&') &&
      redirect.target !== undefined
        ? [wordOf(redirect.target, this.#variables).value]
        : [],
    )
  }
}

/** Takes `sudo -u app env A=b` off the front. */
function unwrap(words: readonly ShellWord[]): Pick<ShellCommand, 'args' | 'through' | 'replaced'> & {
  program: ShellWord | undefined
  assigned: { name: string; value: ShellWord }[]
} {
  let rest = [...words]
  let replaced: string | null = null
  const through: string[] = []
  const assigned: { name: string; value: ShellWord }[] = []
  for (let hops = 0; hops < 8; hops++) {
    const name = programName(rest[0]?.value)
    const takesValue = Object.hasOwn(STARTERS, name) ? STARTERS[name] : undefined
    if (takesValue === undefined || rest.length < 2) break
    let inner = rest.slice(1)
    let operands = OPERANDS[name] ?? 0
    while (inner.length > 0) {
      const [word] = inner
      if (word === undefined) break
      const pair = /^(\w+)=(.*)$/s.exec(word.value)
      if (word.value.startsWith('-')) inner = inner.slice(takesValue.test(word.value) ? 2 : 1)
      else if ((name === 'env' || name === 'sudo') && pair?.[1] !== undefined) {
        assigned.push({ name: pair[1], value: { ...word, value: pair[2] ?? '' } })
        inner = inner.slice(1)
      } else if (operands-- > 0) inner = inner.slice(1)
      else break
    }
    // `sudo -l`, `command -v curl`: nothing is run.
    if (inner.length === 0 || (name === 'command' && /^-[vV]/.test(rest[1]?.value ?? ''))) break
    through.push(name)
    if (name === 'xargs' || name === 'parallel')
      replaced = placeholderOf(name, rest.slice(1, rest.length - inner.length), inner)
    rest = inner
  }
  const [program, ...args] = rest
  return { program, args, assigned, through, replaced }
}

/** What stands for the input of `xargs -I{} COMMAND`; empty where it is put behind the words. */
function placeholderOf(name: string, options: readonly ShellWord[], words: readonly ShellWord[]): string {
  for (const [index, { value }] of options.entries()) {
    const [, letter, joined] = /^-([IJi])(.*)$/s.exec(value) ?? []
    if (letter !== undefined) return joined || (letter === 'i' ? '{}' : (options[index + 1]?.value ?? ''))
    if (/^--replace(?:=|$)/.test(value)) return value.replace(/^--replace=?/, '') || '{}'
  }
  return name === 'parallel' && words.some(({ value }) => value.includes('{}')) ? '{}' : ''
}

/** The name of a program without its directory; `$SHELL` is one. */
const programName = (word: string | undefined): string =>
  /^\$\{?SHELL\}?$/.test(word ?? '') ? 'sh' : (word ?? '').replace(/^.*\//s, '')

/** The text of `sh -c TEXT`, `bash -lc TEXT`, `eval TEXT`, `su app -c TEXT`. */
function innerScript(name: string, args: readonly ShellWord[]): ShellWord | null {
  if (name === 'eval') {
    const [first] = args
    return first === undefined || args.some(({ kind }) => kind === 'open')
      ? null
      : { ...first, value: args.map(({ value }) => value).join(' ') }
  }
  if (!isShell(name) && name !== 'su' && name !== 'runuser') return null
  const at = args.findIndex(({ value }) => /^-[a-z]*c$/.test(value) || value === '--command')
  const script = at === -1 ? undefined : args[at + 1]
  return script === undefined || script.kind === 'open' ? null : script
}

/** Whether a here-document is a script: of a shell, or of what its first line names. */
function readsScript(name: string, args: readonly ShellWord[], text: string): boolean {
  if (name !== '') return isShell(name) && !args.some(({ value }) => !/^[-+]/.test(value))
  const shebang = /^#![ \t]*(\S+)(?:[ \t]+(\S+))?/.exec(text)
  if (shebang === null) return true
  const program = programName(shebang[1])
  return isShell(program === 'env' ? (shebang[2] ?? '') : program)
}

/** What `find … -exec COMMAND ;` runs. */
function executed(args: readonly ShellWord[]): ShellWord[][] {
  const found: ShellWord[][] = []
  for (let at = 0; at < args.length; at++) {
    if (!/^-(?:exec|execdir|ok|okdir)$/.test(args[at]?.value ?? '')) continue
    const rest = args.slice(at + 1)
    const end = rest.findIndex(({ value }) => value === ';' || value === '+')
    found.push(end === -1 ? rest : rest.slice(0, end))
    at += end === -1 ? rest.length : end + 1
  }
  return found
}
