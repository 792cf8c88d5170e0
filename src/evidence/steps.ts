// The instructions that made an image, in their order, with the commands of each RUN: from the Dockerfile where it is known,
// else from the history alone.
import { type Dockerfile, type Instruction, lineAt, parentStage, type Stage } from '../dockerfile/dockerfile.ts'
import type { DockerfileLines } from '../dockerfile/lines.ts'
import type { EntryOrigin, Origin, Owner } from '../dockerfile/origin.ts'
import { jsonWords, patternsOf, rawWordsOf } from '../dockerfile/patterns.ts'
import { ancestorsOf, stagesOf } from '../dockerfile/stages.ts'
import type { Location } from '../finding/finding.ts'
import { isShell, parseScript, parseWords, type Script, type ShellCommand } from '../shell/script.ts'
import type { Variables } from '../shell/words.ts'

export interface Step {
  /** Upper case; null where the history names none. */
  readonly keyword: string | null
  /** Its arguments, continuations joined, flags left out. */
  readonly text: string
  /** `--mount=…`, as written; null where only the history is known, which leaves most of them out. */
  readonly flags: readonly string[] | null
  /** As in the Dockerfile. */
  readonly source: Instruction | null
  /** The layer that it made; null for none, or when not known. */
  readonly layer: number | null
  readonly owner: Owner
  /** `image`: it is in the history of the image; `stage`: it is one of a stage that the image was made with. */
  readonly of: 'image' | 'stage'
  /** The stage of the Dockerfile that it belongs to; null where that is not known. */
  readonly stage: Stage | null
  readonly location: Location
  /** All its lines. */
  readonly lines: DockerfileLines | null
  /** Lines of a part of what `commands` were read from. */
  readonly linesAt: (start: number, end: number) => DockerfileLines | null
  /** ENV and ARG that have a value when it starts; for RUN, COPY, ADD, USER, ENV, LABEL and WORKDIR, which read them. */
  readonly variables: Variables
  /** What a RUN runs; none for anything else. */
  readonly commands: readonly ShellCommand[]
  /** Why the commands of a RUN are not all known; null when they are. */
  readonly unread: string | null
}

/** Characters of all RUN texts of an image that are parsed: far more than people write, and no more than seconds take. */
const MAX_RUN_TEXT = 1 << 20
/** Variables that are kept at a time. */
const MAX_VARIABLES = 500
/** Characters of the value of a variable. */
const MAX_VALUE = 4096

/** Fills in the variables of an instruction's words. */
export function filledIn(text: string, variables: Variables): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::?-([^}]{0,1000}))?\})/g,
    (whole, bare: string | undefined, braced: string | undefined, other: string | undefined) => {
      const value = variables.get(bare ?? braced ?? '') ?? other
      return value === undefined || value.length > MAX_VALUE ? whole : value
    },
  )
}

const unquoted = (text: string): string =>
  text.replace(
    /"((?:\\.|[^"\\])*)"|'([^']*)'|\\(.)/gs,
    (_, double?: string, single?: string, escaped?: string) =>
      double?.replace(/\\(.)/g, '$1') ?? single ?? escaped ?? '',
  )

/** The variables that ENV or ARG sets: `NAME=value …`, or the old `ENV NAME value`. */
export function readVariables(
  keyword: string,
  text: string,
): { readonly name: string; readonly value: string | null }[] {
  const words = rawWordsOf(text)
  const [first = ''] = words
  if (keyword === 'ENV' && !first.includes('=')) {
    const name = first
    return name === '' ? [] : [{ name, value: unquoted(text.trim().slice(name.length).trim()) }]
  }
  return words.flatMap((word): { name: string; value: string | null }[] => {
    const at = word.indexOf('=')
    if (at === -1) return keyword === 'ARG' && /^\w+$/.test(word) ? [{ name: word, value: null }] : []
    return [{ name: unquoted(word.slice(0, at)), value: unquoted(word.slice(at + 1)) }]
  })
}

/** A value, and from which change on the variable has it. */
interface Since {
  readonly change: number
  readonly value: string
}

/** The variables after a change. Thousands of instructions share one history: a copy for each would take memory by the square. */
class VariablesAt implements Variables {
  readonly #histories: ReadonlyMap<string, readonly Since[]>
  readonly #change: number

  constructor(histories: ReadonlyMap<string, readonly Since[]>, change: number) {
    this.#histories = histories
    this.#change = change
  }

  get(name: string): string | undefined {
    const history = this.#histories.get(name) ?? []
    let [low, high] = [0, history.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((history[middle]?.change ?? 0) <= this.#change) low = middle + 1
      else high = middle
    }
    return history[low - 1]?.value
  }

  has(name: string): boolean {
    return this.get(name) !== undefined
  }

  *[Symbol.iterator](): Generator<readonly [string, string]> {
    for (const name of this.#histories.keys()) {
      const value = this.get(name)
      if (value !== undefined) yield [name, value]
    }
  }
}

/** Variables as they are set from instruction to instruction. */
class Environment {
  readonly #histories = new Map<string, Since[]>()
  #change = 0

  constructor(values: Variables = new Map()) {
    for (const [name, value] of values) this.#set(name, value)
  }

  #set(name: string, value: string): void {
    const history = this.#histories.get(name)
    this.#change++
    if (history === undefined) this.#histories.set(name, [{ change: this.#change, value }])
    else history.push({ change: this.#change, value })
  }

  take(keyword: string | null, text: string): void {
    if (keyword !== 'ENV' && keyword !== 'ARG') return
    const known = this.#histories
    for (const { name, value } of readVariables(keyword, text))
      if (value !== null && !(keyword === 'ARG' && known.has(name)) && (known.has(name) || known.size < MAX_VARIABLES))
        this.#set(name, filledIn(value, this.now()))
  }

  /** As they are now. */
  now(): Variables {
    return new VariablesAt(this.#histories, this.#change)
  }
}

/** Whether a program named by SHELL reads shell text as this grammar has it. */
const isPosix = (shell: readonly string[] | null): boolean =>
  shell === null || isShell((shell[0] ?? '').replace(/^.*[\\/]/, '').replace(/\.exe$/i, ''))

const isWindows = (shell: readonly string[] | null): boolean =>
  /^(?:cmd|powershell|pwsh)(?:\.exe)?$/i.test((shell?.[0] ?? '').replace(/^.*[\\/]/, ''))

interface Read {
  readonly script: Script
  readonly unread: string | null
  /** The line of a character of what was read; null for the instruction's first one. */
  readonly line: ((offset: number) => number) | null
}

const NOTHING: Script = { commands: [], incomplete: false }

/** Reads the commands of a RUN, or says why not. */
function readRun(
  source: Instruction | null,
  text: string,
  shell: readonly string[] | null,
  variables: Variables,
): Read {
  const words = jsonWords(text)
  if (words !== null) {
    const script = parseWords(words, variables)
    return { script, unread: script.incomplete ? 'it is no whole shell text' : null, line: null }
  }
  if (!isPosix(shell)) {
    const name = (shell?.[0] ?? '').replace(/^.*[\\/]/, '')
    return {
      script: NOTHING,
      unread: isWindows(shell)
        ? `${name} runs it, which is not read`
        : `${name} runs it, which is no shell that is read`,
      line: null,
    }
  }
  if (source === null) {
    const script = parseScript(text, variables)
    return { script, unread: script.incomplete ? 'it is no whole shell text' : null, line: null }
  }
  // Here-documents follow the instruction as they follow a command in a script.
  let whole = source.text
  const starts = [...source.starts]
  for (const { name, content, startLine } of source.documents) {
    whole += '\n'
    let offset = whole.length
    for (const [index, line] of content.split('\n').entries()) {
      starts.push({ offset, line: startLine + index })
      offset += line.length + 1
    }
    whole += `${content}${name}`
  }
  const script = parseScript(whole, variables)
  return {
    script,
    unread: script.incomplete ? 'it is no whole shell text' : null,
    line: (offset) => lineAt({ starts, startLine: source.startLine }, offset),
  }
}

const NONE: Variables = new Map()

interface Draft
  extends Pick<
    Step,
    'keyword' | 'text' | 'flags' | 'source' | 'layer' | 'owner' | 'of' | 'stage' | 'location' | 'lines'
  > {
  readonly environment: Environment
  readonly shell: readonly string[] | null
  readonly budget: { left: number }
}

function toStep({ environment, shell, budget, ...known }: Draft): Step {
  const { keyword, text, source, lines } = known
  const variables = /^(?:RUN|ADD|COPY|USER|ENV|LABEL|WORKDIR)$/.test(keyword ?? '') ? environment.now() : NONE
  let read: Read = { script: NOTHING, unread: null, line: null }
  if (keyword === 'RUN') {
    budget.left -= text.length + (source?.documents.reduce((sum, { content }) => sum + content.length, 0) ?? 0)
    read =
      budget.left < 0
        ? { script: NOTHING, unread: 'the RUN instructions of the image are too long', line: null }
        : readRun(source, text, shell, variables)
  }
  environment.take(keyword, text)
  const { script, unread, line } = read
  return {
    ...known,
    variables,
    commands: script.commands,
    unread,
    linesAt: (start, end) => {
      if (lines === null || line === null) return lines
      const startLine = Math.min(Math.max(line(start), lines.startLine), lines.endLine)
      return {
        ...lines,
        startLine,
        endLine: Math.min(Math.max(line(Math.max(start, end - 1)), startLine), lines.endLine),
      }
    },
  }
}

/** `file:HASH in /app/`: the classic builder and buildah keep no sources of an ADD or COPY; of a URL, the hash alone. */
const isHashed = (text: string): boolean =>
  /^(?:--\S+ )*?(?:--chown=\S*?)?(?:(?:file|dir|multi):[0-9a-f]+|[0-9a-f]{64}) in /.test(text)

/** The text of a RUN entry: BuildKit leaves the body of a here-document that starts with `#!` out of the history. */
const runText = ({ instruction, source }: EntryOrigin): string =>
  instruction.text.startsWith('/dev/pipes/') ? (source?.documents[0]?.content ?? instruction.text) : instruction.text

const ARCHITECTURE: readonly (readonly [string, string])[] = [
  ['TARGETOS', 'linux'],
  ['TARGETPLATFORM', 'linux/amd64'],
  ['TARGETARCH', 'amd64'],
]

/** The arguments before the first FROM, which stages take over by naming them. */
function globalArguments(dockerfile: Dockerfile): Variables {
  const environment = new Environment(new Map(ARCHITECTURE))
  for (const { keyword, text } of dockerfile.globals) environment.take(keyword, text)
  return environment.now()
}

/** The steps of a stage as the Dockerfile has them. */
function stepsOfStage(
  dockerfile: Dockerfile,
  stage: Stage,
  of: Step['of'],
  linesOf: (instruction: Instruction) => DockerfileLines | null,
  budget: { left: number },
  ended: Map<number, { variables: Variables; shell: readonly string[] | null }>,
): Step[] {
  const parent = parentStage(dockerfile, stage)
  const before = parent === null ? undefined : ended.get(parent.index)
  const globals = globalArguments(dockerfile)
  const environment = new Environment(before?.variables ?? new Map(ARCHITECTURE))
  // A backquote as the escape character is for paths of Windows.
  let shell = before?.shell ?? (dockerfile.escapeCharacter === '`' ? ['cmd'] : null)
  const steps = stage.instructions.map((source): Step => {
    if (source.keyword === 'SHELL') shell = jsonWords(source.text) ?? shell
    // `ARG NAME` takes over what stands before the first FROM.
    if (source.keyword === 'ARG')
      for (const { name, value } of readVariables('ARG', source.text))
        if (value === null && globals.has(name)) environment.take('ARG', `${name}=${JSON.stringify(globals.get(name))}`)
    return toStep({
      keyword: source.keyword,
      text: source.text,
      flags: source.flags,
      source,
      layer: null,
      owner: 'own',
      of,
      stage,
      location: { kind: 'image' },
      lines: linesOf(source),
      environment,
      shell,
      budget,
    })
  })
  ended.set(stage.index, { variables: environment.now(), shell })
  return steps
}

/** The steps of an image: its history, and before it the stages of the Dockerfile that it was made with. */
export function stepsOfImage(origin: Origin): Step[] {
  const budget = { left: MAX_RUN_TEXT }
  const { dockerfile, stage } = origin
  const steps: Step[] = []
  if (dockerfile !== null && stage !== null) {
    const ended = new Map<number, { variables: Variables; shell: readonly string[] | null }>()
    const made = stagesOf(dockerfile, stage)
    for (const ancestor of origin.stages) made.delete(ancestor)
    for (const other of dockerfile.stages)
      if (made.has(other)) steps.push(...stepsOfStage(dockerfile, other, 'stage', origin.linesOf, budget, ended))
  }
  const environment = new Environment(dockerfile === null ? new Map(ARCHITECTURE) : globalArguments(dockerfile))
  let shell: readonly string[] | null = null
  for (const entry of origin.history) {
    const { instruction, source, lines, owner, layer } = entry
    const { keyword } = instruction
    if (keyword === 'SHELL')
      shell =
        jsonWords(source?.text ?? instruction.text) ?? patternsOf(instruction.text.replace(/^\[|\]$/g, ''), '\\').flat()
    for (const pair of instruction.buildArgs)
      environment.take(
        'ARG',
        pair.replace(/^(\w+)=(.*)$/s, (_, name: string, value: string) => `${name}=${JSON.stringify(value)}`),
      )
    // buildah writes the flags of RUN into the history.
    const written =
      keyword === 'RUN' && source === null ? (/^(?:--[a-z]+=\S+\s+)+/.exec(instruction.text)?.[0] ?? '') : ''
    const own = dockerfile?.stages.find(({ instructions }) => source !== null && instructions.includes(source)) ?? null
    steps.push(
      toStep({
        keyword,
        text:
          keyword === 'RUN'
            ? source !== null && source.keyword === 'RUN' && source.documents.length === 0
              ? source.text
              : runText(entry).slice(written.length)
            : isHashed(instruction.text)
              ? (source?.text ?? instruction.text)
              : instruction.text,
        flags: source?.flags ?? (written === '' ? null : written.trim().split(/\s+/)),
        source: source?.keyword === keyword ? source : null,
        layer,
        owner,
        of: 'image',
        stage: own,
        location: { kind: 'history', history: entry.entry.index },
        lines,
        environment,
        shell,
        budget,
      }),
    )
  }
  return steps
}

/** The steps of all stages of a Dockerfile; those that the last one is made of count as the image's. */
export function stepsOfDockerfile(
  dockerfile: Dockerfile,
  target: Stage,
  linesOf: (instruction: Instruction) => DockerfileLines | null,
): Step[] {
  const budget = { left: MAX_RUN_TEXT }
  const ended = new Map<number, { variables: Variables; shell: readonly string[] | null }>()
  const own = new Set([...ancestorsOf(dockerfile, target), target])
  return dockerfile.stages.flatMap((stage) =>
    stepsOfStage(dockerfile, stage, own.has(stage) ? 'image' : 'stage', linesOf, budget, ended),
  )
}

/** RUN instructions that are named, of those that were not read. */
const MAX_UNREAD = 5

/** What the rules on commands did not see, where a person could do something about it. */
export function unreadWarnings(steps: readonly Step[]): { readonly code: string; readonly message: string }[] {
  const unread = steps.filter((step) => step.unread !== null && step.owner !== 'base')
  const warnings = unread.slice(0, MAX_UNREAD).map(({ lines, location, unread: why }) => {
    const where =
      lines !== null
        ? `${lines.path}:${lines.startLine}`
        : location.kind === 'history'
          ? `history entry ${location.history}`
          : 'the Dockerfile'
    return {
      code: 'run-not-read',
      message: `The RUN in ${where} was not read as commands in full: ${why}. Rules saw what could be read.`,
    }
  })
  const more = unread.length - warnings.length
  return more > 0
    ? [
        ...warnings,
        { code: 'run-not-read', message: `${more} more RUN instructions were not read as commands in full.` },
      ]
    : warnings
}
