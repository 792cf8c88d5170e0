// Shell text as commands: what is run, with which words, fed by what. Parsed by unbash; text that is no valid shell gives
// the commands that could be read, and says that it is not whole.
import { type Command as AstCommand, forEachChild, type Pipeline, parse, type SyntaxNode, type Word } from 'unbash'

/** One simple command, the words before it that only start it (sudo, env, time) taken off. */
export interface ShellCommand {
  /** The program's name without its directory; empty where it is not a plain word. */
  readonly name: string
  /** Words after the name. `null`: not known before it runs (a substitution); variables stay as written. */
  readonly args: readonly (string | null)[]
  /** `NAME=value` in front of the command, or exported by it. */
  readonly assignments: readonly { readonly name: string; readonly value: string }[]
  /** Text of the command as written. */
  readonly text: string
  /** What feeds its standard input in a pipeline, nearest last. */
  readonly fedBy: readonly ShellCommand[]
  /** Commands in `$(…)`, backquotes and `<(…)` among its words. */
  readonly substituted: readonly ShellCommand[]
  /** Files that its output is written to. */
  readonly writes: readonly string[]
}

export interface Script {
  /** In the order of the text; commands inside substitutions and `sh -c` texts after the command that holds them. */
  readonly commands: readonly ShellCommand[]
  /** Parts that are no valid shell. */
  readonly incomplete: boolean
}

/** Programs that run the rest of their words; the number of words of their own that an option takes along. */
const STARTERS: Readonly<Record<string, RegExp>> = {
  busybox: /^$/,
  chroot: /^$/,
  command: /^$/,
  doas: /^-[uC]$/,
  env: /^(?:-u|--unset|-C|--chdir|-S)$/,
  eatmydata: /^$/,
  exec: /^-a$/,
  gosu: /^$/,
  nice: /^-n$/,
  nohup: /^$/,
  setarch: /^$/,
  stdbuf: /^-[ioe]$/,
  sudo: /^(?:-[ugpCrtTDRh]|--user|--group)$/,
  time: /^-[fo]$/,
  timeout: /^-[ks]$/,
  xargs: /^-[aEeIiLnPsd]$/,
}
/** Words of its own after the options: `timeout 5 curl`, `gosu app curl`. */
const OPERANDS: Readonly<Record<string, number>> = { chroot: 1, gosu: 1, timeout: 1 }
const SHELLS = /^(?:ba|da|a|z|k|mk)?sh$/
const MAX_DEPTH = 6
/** Characters of one script; no RUN that people write comes near. */
const MAX_TEXT = 128 << 10
/** Commands of a pipeline that are remembered for those behind them. */
const MAX_FEEDERS = 8
/** Commands of one script. */
const MAX_COMMANDS = 10_000

/** Parses shell text. */
export function parseScript(text: string, depth = 0): Script {
  const commands: ShellCommand[] = []
  if (text.length > MAX_TEXT) return { commands, incomplete: true }
  const root = parse(text)
  let incomplete = (root.errors?.length ?? 0) > 0
  if (depth > MAX_DEPTH) return { commands, incomplete: true }

  const visit = (node: SyntaxNode, fedBy: readonly ShellCommand[]): ShellCommand[] => {
    if (node.type === 'Command') {
      const own = toCommand(node, fedBy)
      return own === null ? [] : [own]
    }
    if (node.type === 'Pipeline') return visitPipeline(node, fedBy)
    const found: ShellCommand[] = []
    forEachChild(node, (child) => found.push(...visit(child, fedBy)))
    return found
  }
  const visitPipeline = (node: Pipeline, fedBy: readonly ShellCommand[]): ShellCommand[] => {
    let before = fedBy
    const all: ShellCommand[] = []
    for (const part of node.commands) {
      const own = visit(part, before)
      all.push(...own)
      before = [...before, ...own].slice(-MAX_FEEDERS)
    }
    return all
  }
  const substitutedIn = (node: SyntaxNode): ShellCommand[] => {
    const found: ShellCommand[] = []
    const search = (child: SyntaxNode): void => {
      if ((child.type === 'CommandExpansion' || child.type === 'ProcessSubstitution') && child.script !== undefined) {
        if (child.script.errors?.length) incomplete = true
        found.push(...visit(child.script, []))
      } else forEachChild(child, search)
    }
    forEachChild(node, search)
    return found
  }
  const toCommand = (node: AstCommand, fedBy: readonly ShellCommand[]): ShellCommand | null => {
    const assignments = [...node.prefix, ...node.args].flatMap((part) =>
      part.type === 'Assignment' && part.value.type === 'Word' ? [{ name: part.name, value: wordValue(part.value) ?? '' }] : [],
    )
    const words = [...(node.name === undefined ? [] : [node.name]), ...node.args.filter((arg) => arg.type === 'Word')].map(wordValue)
    const { name, args, assigned } = unwrap(words)
    const index = commands.length
    if (index >= MAX_COMMANDS) {
      incomplete = true
      return null
    }
    const command: ShellCommand = {
      name,
      args,
      assignments: [...assignments, ...assigned],
      text: text.slice(node.pos, node.end),
      fedBy,
      substituted: [],
      writes: node.redirects.flatMap((redirect) =>
        redirect.type === 'Redirect' && redirect.operator.includes('>') && !redirect.operator.includes('&') && redirect.target !== undefined
          ? [wordValue(redirect.target) ?? '']
          : [],
      ),
    }
    commands.push(command)
    const inner = substitutedIn(node)
    // `sh -c 'text'` and `sh <<EOF` run their text as commands of their own.
    const script = innerScript(name, args) ?? heredocOf(node, name, args)
    const nested = script === null ? null : parseScript(script, depth + 1)
    if (nested?.incomplete) incomplete = true
    const complete = { ...command, substituted: inner }
    commands[index] = complete
    if (nested !== null) commands.push(...nested.commands)
    return complete
  }
  visit(root, [])
  return { commands, incomplete }
}

/** The value of a word; null where a command's output is part of it. */
function wordValue(word: Word): string | null {
  return word.parts?.some(
    (part) =>
      part.type === 'CommandExpansion' || part.type === 'ProcessSubstitution' || (part.type === 'DoubleQuoted' && part.parts.some((inner) => inner.type === 'CommandExpansion')),
  )
    ? null
    : word.value
}

/** Takes `sudo -u app env A=b` off the front. */
function unwrap(words: readonly (string | null)[]): { name: string; args: readonly (string | null)[]; assigned: { name: string; value: string }[] } {
  let rest = [...words]
  const assigned: { name: string; value: string }[] = []
  for (let hops = 0; hops < 8; hops++) {
    const name = programName(rest[0])
    const takesValue = STARTERS[name]
    if (takesValue === undefined || (name === 'busybox' && rest.length < 2)) break
    rest = rest.slice(1)
    let operands = OPERANDS[name] ?? 0
    while (rest.length > 0) {
      const word = rest[0] ?? ''
      const pair = /^(\w+)=(.*)$/s.exec(word)
      if (word.startsWith('-')) rest = rest.slice(takesValue.test(word) ? 2 : 1)
      else if (name === 'env' && pair?.[1] !== undefined) {
        assigned.push({ name: pair[1], value: pair[2] ?? '' })
        rest = rest.slice(1)
      } else if (operands-- > 0) rest = rest.slice(1)
      else break
    }
  }
  return { name: programName(rest[0]), args: rest.slice(1), assigned }
}

const programName = (word: string | null | undefined): string => (word ?? '').replace(/^.*\//, '')

/** The text of `sh -c TEXT`, `bash -lc TEXT`, `eval TEXT`. */
function innerScript(name: string, args: readonly (string | null)[]): string | null {
  if (name === 'eval') return args.every((arg) => arg !== null) && args.length > 0 ? args.join(' ') : null
  if (!SHELLS.test(name) && name !== 'su') return null
  const at = args.findIndex((arg) => arg !== null && /^-[a-z]*c$/.test(arg))
  return at === -1 ? null : (args[at + 1] ?? null)
}

/** A here-document that a shell reads as its script. */
function heredocOf(node: AstCommand, name: string, args: readonly (string | null)[]): string | null {
  if (name !== '' && (!SHELLS.test(name) || args.some((arg) => arg !== null && !arg.startsWith('-')))) return null
  for (const redirect of node.redirects) if (redirect.type === 'HereDoc') return redirect.body.text
  return null
}
