// A Dockerfile as the builder reads it: stages and instructions with their lines.
// https://docs.docker.com/reference/dockerfile/
import { nearest } from '../nearest.ts'
import { type Escape, type HereDocument, type LineStarts, type LogicalLine, readLogicalLines } from './logical-lines.ts'
import { patternsOf } from './patterns.ts'

export interface Instruction {
  /** Upper case: `RUN`. */
  readonly keyword: string
  /** `--mount=type=cache,target=/x`, as written. */
  readonly flags: readonly string[]
  /** The arguments as written, continuations joined, flags and here-documents left out. */
  readonly text: string
  readonly documents: readonly HereDocument[]
  /** On which physical line each part of `text` stands. */
  readonly starts: LineStarts
  /** Lines from 1; here-documents and continuations included. */
  readonly startLine: number
  readonly endLine: number
  /** What ONBUILD leaves for the next image; null for every other instruction. */
  readonly trigger: Instruction | null
}

export interface Stage {
  /** Position from 0. */
  readonly index: number
  /** Lower case; null for none. */
  readonly name: string | null
  /** What FROM names, arguments filled in with their defaults where they have one. */
  readonly from: string
  readonly fromInstruction: Instruction
  /** Instructions after FROM. */
  readonly instructions: readonly Instruction[]
}

export interface Dockerfile {
  /** Relative to the repository root, with `/`. */
  readonly path: string
  readonly text: string
  readonly lines: readonly string[]
  readonly escapeCharacter: Escape
  /** Instructions before the first FROM. */
  readonly globals: readonly Instruction[]
  readonly stages: readonly Stage[]
  /** Why the builder would refuse it; null when it would not. */
  readonly error: string | null
}

function toInstruction(
  text: string,
  { documents, starts, startLine, endLine }: Omit<LogicalLine, 'text'>,
): Instruction {
  const [, word = '', rest = ''] = /^\s*(\S+)\s*(.*)$/s.exec(text) ?? []
  const keyword = word.toUpperCase()
  const flagText = /^(?:--\S*(?:\s+|$))*/.exec(rest)?.[0] ?? ''
  const own = rest.slice(flagText.length).trim()
  const before = text.length - rest.slice(flagText.length).trimStart().length
  const ownStarts = starts.map(({ offset, line }) => ({ offset: Math.max(0, offset - before), line }))
  return {
    keyword,
    flags: flagText.split(/\s+/).filter((flag) => flag !== ''),
    text: own,
    documents,
    starts: ownStarts,
    startLine,
    endLine,
    trigger:
      keyword === 'ONBUILD' && own !== ''
        ? toInstruction(own, { documents, starts: ownStarts, startLine, endLine })
        : null,
  }
}

/** Fills in `$NAME`, `${NAME}`, `${NAME:-default}` and `${NAME:+other}` from the arguments before the first FROM. */
function expand(text: string, args: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?:(:?[-+])([^}]{0,1000}))?\})/g,
    (
      whole,
      bare: string | undefined,
      braced: string | undefined,
      operator: string | undefined,
      word: string | undefined,
    ) => {
      const value = args.get(bare ?? braced ?? '')
      if (operator?.endsWith('+')) return value === undefined || value === '' ? '' : expand(word ?? '', args)
      if (value !== undefined && !(value === '' && operator === ':-')) return value
      return operator === undefined ? whole : expand(word ?? '', args)
    },
  )
}

/** Characters of an argument's value. */
const MAX_ARGUMENT = 4096

/** `NAME=value` pairs of an ARG whose values need nothing but other arguments. */
function readArgs(text: string, escapeCharacter: Escape, args: Map<string, string>): void {
  for (const word of text.split(/(?<!\s)\s+(?=\w+(?:=|$))/)) {
    const match = /^(\w+)=(.*)$/s.exec(word.trim())
    if (match?.[1] === undefined) continue
    const value = expand(match[2] ?? '', args)
    // Arguments of arguments can grow without end; no image has such a name.
    if (value.length > MAX_ARGUMENT) continue
    // Quotes and escapes come off; a variable that has no value stays as written.
    args.set(match[1], /[$]/.test(value) ? value : patternsOf(value, escapeCharacter).flat().join(' '))
  }
}

/** https://docs.docker.com/reference/dockerfile/ */
const KEYWORDS: readonly string[] =
  'ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR'.split(
    ' ',
  )

/** A syntax line that names another builder's language, which may have instructions of its own. */
const OTHER_SYNTAX = /^(?:#[^\n]*\n)*?#[ \t]*syntax[ \t]*=[ \t]*(?!\S*docker\/dockerfile)\S/i

/** The first instruction that the builder would refuse, in words; null for none. */
function unknownInstruction(text: string, instructions: readonly Instruction[]): string | null {
  if (OTHER_SYNTAX.test(text)) return null
  const unknown = instructions.find(({ keyword }) => !KEYWORDS.includes(keyword))
  if (unknown === undefined) return null
  const near = nearest(unknown.keyword, KEYWORDS)
  // What is longer is no misspelt word, and may be anything.
  const name = /^[A-Z-]{1,16}$/.test(unknown.keyword) ? unknown.keyword : 'this'
  return `line ${unknown.startLine}: ${name} is no instruction${near === null ? '' : ` (did you mean ${near}?)`}`
}

/** Parses a Dockerfile. Text that is none gives no stages. */
export function parseDockerfile(path: string, text: string): Dockerfile {
  const read = readLogicalLines(text)
  const stages: Stage[] = []
  const globals: Instruction[] = []
  const args = new Map<string, string>()
  let current: { stage: Omit<Stage, 'instructions'>; instructions: Instruction[] } | null = null
  const close = (): void => {
    if (current !== null) stages.push({ ...current.stage, instructions: current.instructions })
  }
  for (const line of read.lines) {
    const instruction = toInstruction(line.text, line)
    if (instruction.keyword === 'FROM') {
      close()
      const words = instruction.text.split(/\s+/)
      const name = words[1]?.toUpperCase() === 'AS' ? (words[2]?.toLowerCase() ?? null) : null
      const word = words[0] ?? ''
      const from = word.includes('$')
        ? expand(word.replace(/^(["'])(.*)\1$/, '$2'), args)
        : patternsOf(word, read.escapeCharacter).flat().join('')
      current = { stage: { index: stages.length, name, from, fromInstruction: instruction }, instructions: [] }
    } else if (current !== null) current.instructions.push(instruction)
    else {
      globals.push(instruction)
      if (instruction.keyword === 'ARG') readArgs(instruction.text, read.escapeCharacter, args)
    }
  }
  close()
  const error =
    read.error ?? unknownInstruction(text, [...globals, ...stages.flatMap(({ instructions }) => instructions)])
  return {
    path,
    text,
    lines: text.replace(/^\ufeff/, '').split(/\r?\n/),
    escapeCharacter: read.escapeCharacter,
    globals,
    stages,
    error,
  }
}

/** The physical line of a character of an instruction's text. */
export const lineAt = ({ starts, startLine }: Pick<Instruction, 'starts' | 'startLine'>, offset: number): number =>
  starts.findLast((start) => start.offset <= offset)?.line ?? startLine

const BY_NAME = new WeakMap<Dockerfile, ReadonlyMap<string, readonly Stage[]>>()

function stagesByName({ stages }: Dockerfile): ReadonlyMap<string, readonly Stage[]> {
  const found = new Map<string, Stage[]>()
  for (const stage of stages) {
    const same = found.get(stage.name ?? '')
    if (same === undefined) found.set(stage.name ?? '', [stage])
    else same.push(stage)
  }
  return found
}

/** The stages of a name in lower case, in their order. A Dockerfile may have thousands: they are looked through once. */
export function stagesNamed(dockerfile: Dockerfile, name: string): readonly Stage[] {
  const known = BY_NAME.get(dockerfile) ?? stagesByName(dockerfile)
  BY_NAME.set(dockerfile, known)
  return name === '' ? [] : (known.get(name) ?? [])
}

/** The stage that FROM refers to, if it refers to an earlier one by its name. */
export const parentStage = (dockerfile: Dockerfile, stage: Stage): Stage | null =>
  stagesNamed(dockerfile, stage.from.toLowerCase()).findLast(({ index }) => index < stage.index) ?? null

/** The value of a flag: `build` for `--from=build`; null where the flag is not there. */
export function flagValue({ flags }: Instruction, name: string): string | null {
  const flag = flags.find((candidate) => candidate.startsWith(`--${name}=`))
  return flag === undefined ? null : flag.slice(name.length + 3).replace(/^(["'])(.*)\1$/, '$2')
}

/** The stage that --target names, by its name or its number; null where there is none. */
export const stageOf = (stages: readonly Stage[], target: string): Stage | null =>
  stages.findLast(({ name, index }) => name === target.toLowerCase() || String(index) === target) ?? null
