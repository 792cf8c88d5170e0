// Whether a history entry can come from an instruction: the words that builders keep are compared, what they fill in
// (variables, build arguments) or lose (sources of a COPY in the classic builder) is left open.
import { cleanPath } from '../image/path.ts'
import type { Instruction } from './dockerfile.ts'
import type { HistoryInstruction } from './history.ts'
import {
  fitsPattern,
  joinPatterns,
  jsonWords,
  letters,
  literal,
  type Pattern,
  patternsOf,
  squeeze,
} from './patterns.ts'

/** What an instruction's text depends on beside itself. */
export interface Setting {
  readonly escapeCharacter: string
  /** The shell that an earlier SHELL set; null: the default, or that of the base. */
  readonly shell: readonly string[] | null
  /** buildah lists with every ARG the arguments that have a value, and not those that have none. */
  readonly isBuildah: boolean
}

/** A shell and its options, at the end of what stands before a command. */
const ANY_SHELL =
  /(?:^|\s)(?:\/(?:[\w.-]+\/)*[\w.-]+|cmd|powershell|pwsh)(?: -[\w-]{1,40}(?: [a-z]{1,40})?){0,8} (?:-[a-z]*c|\/C|-Command)$/i
/** Build arguments and nothing behind them: the exec form has no shell. */
const ONLY_BUILD_ARGS = /^\|\d+ /
/** Characters in front of a command that are looked at. */
const MAX_FRONT = 1000
/** Names of one ARG that are compared. */
const MAX_NAMES = 100
/** Options of RUN, which buildah keeps. */
const RUN_FLAGS = /(?: --[a-z]{1,20}(?:=\S{0,1000})?){1,20}$/

/** The forms that the text of a RUN takes in histories. */
function runTexts(instruction: Instruction): string[] {
  const { text, documents } = instruction
  const exec = jsonWords(text)
  if (exec !== null) return [exec.join(' '), text]
  const [first] = documents
  if (first === undefined) return [text]
  const body = first.chomp ? first.content.replace(/^\t+/gm, '') : first.content
  const whole = documents.map(({ name, content }) => `\n${content}${name}`).join('')
  const bodies = documents.map(({ content }) => `\n${content}`).join('')
  const isAlone = documents.length === 1 && /^\d*<<-?\s*\S+$/.test(text)
  if (!isAlone) return [text + whole, text + bodies]
  return body.startsWith('#!') ? [`/dev/pipes/${first.name}`, text + bodies] : [body, text + bodies]
}

function runFits(instruction: Instruction, raw: string, shell: readonly string[] | null): boolean {
  const history = squeeze(raw)
  const isExecWithArguments = ONLY_BUILD_ARGS.test(history) && jsonWords(instruction.text) !== null
  return runTexts(instruction).some((form) => {
    const text = squeeze(form)
    if (history === text) return true
    if (text === '' || !history.endsWith(` ${text}`)) return false
    // A shell and its options are short; what stands before them, build arguments, can be of any length.
    const front = ` ${history.slice(0, -text.length - 1)}`.slice(-MAX_FRONT).replace(RUN_FLAGS, '').trim()
    if (isExecWithArguments) return true
    if (shell === null) return ANY_SHELL.test(front)
    const words = squeeze(shell.join(' '))
    return front === words || front.endsWith(` ${words}`)
  })
}

const withoutEdges = (path: string): string => path.replace(/^(?:\.\/)+/, '').replace(/(?<=[^/]|^\/)\/+$/, '')

/** A path as written against the one in the history, which may be resolved against WORKDIR. */
function pathFits(pattern: Pattern, built: string): boolean {
  const written = literal(pattern)
  if (written !== null) {
    if (written === built || withoutEdges(written) === withoutEdges(built)) return true
    if (written.startsWith('/')) return cleanPath(written) === cleanPath(built)
    // Relative: what stands before it is not known, nor what `..` takes away.
    const bare = withoutEdges(written)
    return bare === '' || bare === '.' || written.includes('..') || withoutEdges(built).endsWith(`/${bare}`)
  }
  // What the builder cleans away (`//`, `..`) can come from a variable too.
  if (pattern.some((part) => /\/\/|\.\./.test(part))) return true
  const [head = '', ...tail] = pattern
  const open = [
    withoutEdges(head) === head ? head : head.replace(/^(?:\.\/)+/, ''),
    ...tail.slice(0, -1),
    (tail.at(-1) ?? '').replace(/(?<!\/)\/+$/, ''),
  ]
  const bare = built.replace(/(?<=[^/]|^\/)\/+$/, '')
  return (
    fitsPattern(open, bare) ||
    fitsPattern(pattern, built) ||
    (!head.startsWith('/') && fitsPattern(['', ...open], bare))
  )
}

function copyFits(instruction: Instruction, entry: HistoryInstruction, { escapeCharacter }: Setting): boolean {
  const json = jsonWords(instruction.text)
  const words: Pattern[] =
    json === null
      ? patternsOf(instruction.text, escapeCharacter)
      : json.map((word) => joinPatterns(patternsOf(`"${word.replace(/(["\\])/g, '\\$1')}"`, '\\')))
  const target = words.at(-1) ?? ['']
  // The classic builder and buildah: `COPY file:HASH in /app/`; the sources' names are lost.
  const hashed = /^(?:--\S+ )*?(?:--chown=\S*?)?(?:(?:file|dir|multi):[0-9a-f]+|[0-9a-f]{64}) in (.*)$/.exec(
    squeeze(entry.text),
  )
  if (hashed !== null) return pathFits(target, (hashed[1] ?? '').trim())
  const built = squeeze(entry.text).replace(/^(?:--\S+ )+/, '')
  if (fitsPattern(joinPatterns(words), built)) return true
  const sources = words.slice(0, -1)
  const documents = sources.filter((word) => /^<<-?/.test(word[0] ?? ''))
  if (documents.length > 0) {
    const names = instruction.documents.map(({ name }): Pattern => [`<<${name}`])
    const files = sources.filter((word) => !documents.includes(word))
    return fitsPattern(joinPatterns([...files, ...names, target]), built)
  }
  return fitsPattern(
    joinPatterns(words.map((word) => (literal(word) === null ? word : [squeeze(literal(word) ?? '')]))),
    built,
  )
}

/** `ENV A=b C=d` and `ENV A b c`, `LABEL` alike: what the history shows with values filled in and quotes taken off. */
function pairsFit(instruction: Instruction, entry: HistoryInstruction, { escapeCharacter }: Setting): boolean {
  const built = squeeze(entry.text)
  if (built === squeeze(instruction.text)) return true
  const words = patternsOf(instruction.text, escapeCharacter)
  const [first, ...rest] = words
  if (first === undefined) return false
  const isOld = !/^[^\s=]+=/.test(instruction.text) && !(first[0] ?? '').includes('=')
  const squeezed = (pattern: Pattern): Pattern => pattern.map((part) => part.replace(/\s+/g, ' '))
  // buildah keeps the quotes of every word, or puts some of its own.
  const bare = built.replace(/["']/g, '')
  if (!isOld)
    return (
      fitsPattern(trimmed(squeezed(joinPatterns(words))), built) ||
      fitsPattern(trimmed(squeezed(joinPatterns(words)).map((part) => part.replace(/["']/g, ''))), bare)
    )
  const key = joinPatterns([first])
  const value = instruction.text.slice((/^\S+\s+/.exec(instruction.text)?.[0] ?? '').length)
  const asWritten = joinPatterns(patternsOf(value.replace(/(["'])/g, `${escapeCharacter}$1`), escapeCharacter))
  return [joinPatterns(rest), asWritten].some((candidate) => {
    const [head = '', ...tail] = squeezed(candidate)
    return (
      fitsPattern(trimmed([`${key.join('')}=${head}`, ...tail]), built) ||
      fitsPattern(trimmed([`${key.join('')} ${head}`, ...tail]), built)
    )
  })
}

const trimmed = (pattern: Pattern): Pattern =>
  pattern.map((part, index) =>
    index === 0 && index === pattern.length - 1
      ? part.trim()
      : index === 0
        ? part.trimStart()
        : index === pattern.length - 1
          ? part.trimEnd()
          : part,
  )

/** ARG: the names in their order; values may come from the command line. */
function namesFit(instruction: Instruction, entry: HistoryInstruction): boolean {
  const names = instruction.text.split(/(?<!\s)\s+(?=[\w.-]+(?:=|\s|$))/).map((word) => word.split('=')[0] ?? '')
  const [only] = names
  if (names.length === 1) return new RegExp(`(?:^|\\s)${escapeRegExp(only ?? '')}(?:[=\\s]|$)`).test(entry.text)
  return names
    .slice(0, MAX_NAMES)
    .every(
      (name) =>
        new RegExp(`(?:^|\\s)["']?${escapeRegExp(name)}(?:[=\\s"']|$)`).test(entry.text) || /[$"'\\]/.test(name),
    )
}

const escapeRegExp = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

/** `["a" "b"]` as Go writes a list of strings, or JSON as buildah does. */
function readList(text: string): string[] | null {
  const json = jsonWords(text)
  if (json !== null) return json
  if (!text.startsWith('[') || !text.endsWith(']')) return null
  const words = text.slice(1, -1).match(/"(?:[^"\\]|\\.)*(?:"|\\?$)/gs)
  return words?.map((word) => word.slice(1, -1)) ?? []
}

/** CMD and ENTRYPOINT: the words of the JSON form, the one text of the shell form. No variable is filled in. */
function commandFits(instruction: Instruction, entry: HistoryInstruction): boolean {
  if (squeeze(entry.text) === squeeze(instruction.text)) return true
  const exec = jsonWords(instruction.text)
  const built = readList(entry.text)
  if (built === null) return letters(entry.text).endsWith(letters(instruction.text))
  if (exec !== null)
    return built.length === exec.length && exec.every((word, index) => sameQuoted(word, built[index] ?? ''))
  return sameQuoted(squeeze(instruction.text), squeeze(built.at(-1) ?? ''))
}

const GO_ESCAPES: Readonly<Record<string, string>> = { a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** A string as Go quotes it, with the quotes taken off. https://pkg.go.dev/strconv#Quote */
const goUnquote = (text: string): string =>
  text.replace(
    /\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(.))/gs,
    (
      _whole,
      byte: string | undefined,
      short: string | undefined,
      long: string | undefined,
      char: string | undefined,
    ) => {
      const code = byte ?? short ?? long
      if (code === undefined) return GO_ESCAPES[char ?? ''] ?? char ?? ''
      const point = Number.parseInt(code, 16)
      return point <= 0x10ffff ? String.fromCodePoint(point) : ''
    },
  )

/** What a builder quoted against what is written. Older ones quote differently: then letters and digits count. */
const sameQuoted = (written: string, quoted: string): boolean =>
  squeeze(goUnquote(quoted)) === squeeze(written) || letters(goUnquote(quoted)) === letters(written)

function portsFit(instruction: Instruction, entry: HistoryInstruction): boolean {
  return instruction.text.split(/\s+/).every((word) => {
    const [port] = word.replace(/["']/g, '').split('/')
    if (port === undefined || !/^\d+(?:-\d+)?$/.test(port)) return true
    return new RegExp(`(?<!\\d)${port.split('-')[0]}(?!\\d)`).test(entry.text)
  })
}

const eachWordFits = (instruction: Instruction, entry: HistoryInstruction, { escapeCharacter }: Setting): boolean => {
  const json = jsonWords(instruction.text)
  if (json !== null && instruction.keyword === 'SHELL')
    return json.every(
      (word) => squeeze(entry.text).includes(squeeze(word)) || letters(entry.text).includes(letters(word)),
    )
  const words =
    json === null
      ? patternsOf(instruction.text, escapeCharacter)
      : json.map((word) => joinPatterns(patternsOf(word, escapeCharacter)))
  return words.every((word) => word.every((part) => entry.text.includes(part)))
}

/** Whether the history's text can come from the instruction. Keywords are compared by the caller. */
export function textFits(instruction: Instruction, entry: HistoryInstruction, setting: Setting): boolean {
  // buildah and kaniko keep most instructions as they are written.
  if (squeeze(entry.raw) === squeeze(instruction.text)) return true
  switch (instruction.keyword) {
    case 'RUN':
      // buildah writes /bin/sh whatever SHELL says.
      return runFits(instruction, entry.raw, setting.isBuildah ? null : setting.shell)
    case 'COPY':
    case 'ADD':
      return copyFits(instruction, entry, setting)
    case 'ENV':
    case 'LABEL':
      return pairsFit(instruction, entry, setting)
    case 'ARG':
      return setting.isBuildah || namesFit(instruction, entry)
    case 'CMD':
    case 'ENTRYPOINT':
      return commandFits(instruction, entry)
    case 'WORKDIR':
      return pathFits(joinPatterns(patternsOf(instruction.text, setting.escapeCharacter)), entry.text.trim())
    case 'USER':
    case 'STOPSIGNAL':
      return (
        squeeze(instruction.text) === squeeze(entry.text) ||
        fitsPattern(joinPatterns(patternsOf(instruction.text, setting.escapeCharacter)), squeeze(entry.text))
      )
    case 'EXPOSE':
      return portsFit(instruction, entry)
    case 'SHELL':
    case 'VOLUME':
      return eachWordFits(instruction, entry, setting)
    case 'HEALTHCHECK':
      return letters(entry.text.replace(/\\[nrtx]/g, '')).includes(
        letters(
          jsonWords(instruction.text.replace(/^CMD\s+/i, ''))?.join('') ?? instruction.text.replace(/^CMD\s+/i, ''),
        ),
      )
    default:
      return letters(entry.text).includes(letters(instruction.text))
  }
}
