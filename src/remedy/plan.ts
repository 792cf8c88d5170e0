// Changes to a Dockerfile for all leaks of an image, collected by instruction and written as whole lines: what a person pastes over
// their own. Each instruction is changed once, whatever the number of leaks that have to do with it.
import { copySources } from '../dockerfile/copy.ts'
import type { Dockerfile, Instruction } from '../dockerfile/dockerfile.ts'
import { jsonWords, rawWordsOf } from '../dockerfile/patterns.ts'

/** Lines `startLine` to `endLine` become `lines`; none: they go. */
export interface Edit {
  readonly startLine: number
  readonly endLine: number
  readonly lines: readonly string[]
}

interface Run {
  readonly instruction: Instruction
  readonly mounts: Map<string, string>
  /** Variables that are read from a mounted secret before the command. */
  readonly exports: Set<string>
  body: string
}

/** The command of a RUN as it is written, continuations and indentation kept where no comment stands between. */
function bodyOf({ startLine, endLine, text, flags }: Instruction, { lines, escapeCharacter }: Dockerfile): string {
  const own = lines.slice(startLine - 1, endLine)
  if (own.slice(1).some((line) => /^\s*(?:#|$)/.test(line)) || escapeCharacter !== '\\') return text
  const whole = own.join('\n')
  const head = /^\s*run(?:[ \t]|\\[ \t]*\n)+(?:--\S+(?:[ \t]|\\[ \t]*\n)+)*/i.exec(whole)?.[0] ?? ''
  return flags.length > 0 && !head.includes('--') ? text : whole.slice(head.length).trimEnd()
}

/** A line of this many characters is still read as one. */
const MAX_LINE = 100

const nameOf = (word: string): string => (word.split('=')[0] ?? '').replace(/["']/g, '')

/** The names that ENV, ARG or LABEL define. */
export function definedNames({ keyword, text }: Pick<Instruction, 'keyword' | 'text'>): string[] {
  const words = rawWordsOf(text)
  if (keyword === 'ENV' && !(words[0] ?? '').includes('=')) return [words[0] ?? '']
  return words.map(nameOf)
}

/** `ENV`, `ARG` or `LABEL` without some names; null for none left. */
function withoutNames({ keyword, text }: Instruction, names: ReadonlySet<string>): string | null {
  const words = rawWordsOf(text)
  if (keyword !== 'ARG' && !(words[0] ?? '').includes('=')) return null
  const left = words.filter((word) => !names.has(nameOf(word)))
  return left.length === 0 ? null : `${keyword} ${left.join(' ')}`
}

/** A COPY or ADD without some sources, in the form in which it is written; null for none left. */
function withoutSources(instruction: Instruction, gone: ReadonlySet<string>): string | null {
  const { keyword, flags, text } = instruction
  const left = copySources(instruction).filter((name) => !gone.has(name))
  if (left.length === 0) return null
  const json = jsonWords(text)
  const words = json === null ? [...left, rawWordsOf(text).at(-1)].join(' ') : JSON.stringify([...left, json.at(-1)])
  return [keyword, ...flags, words].join(' ')
}

const spanOf = ({ startLine, endLine }: Instruction): Pick<Edit, 'startLine' | 'endLine'> => ({ startLine, endLine })

/** What the leaks have in common, and what each alone asks for. */
export class Plan {
  readonly #dockerfile: Dockerfile
  readonly #runs: Map<number, Run>
  /** By the first line: names of ENV, ARG and LABEL, or sources of COPY and ADD that go. */
  readonly #gone: Map<number, { readonly instruction: Instruction; readonly words: Set<string> }>
  /** RUNs that are written as one. */
  readonly #joins: (readonly Instruction[])[]
  /** Whole instructions with others in their place. */
  readonly #others: Map<number, Edit>
  /** Lines behind an instruction. */
  readonly #after: Map<number, { readonly instruction: Instruction; readonly lines: Set<string> }>
  /** First lines of the instructions that were changed since the last `begin`. */
  #touched = new Set<number>()
  #build = new Set<string>()
  #ignore = new Set<string>()
  /** A stage of its own was made of what was there: nothing else may change any more. */
  #isClosed = false
  /** The file that patterns go into. */
  ignoreFile = '.dockerignore'

  constructor(dockerfile: Dockerfile, from: Plan | null = null) {
    this.#dockerfile = dockerfile
    this.#runs = new Map(
      [...(from === null ? [] : from.#runs)].map(([line, run]) => [
        line,
        { ...run, mounts: new Map(run.mounts), exports: new Set(run.exports) },
      ]),
    )
    this.#gone = new Map(
      [...(from === null ? [] : from.#gone)].map(([line, { instruction, words }]) => [
        line,
        { instruction, words: new Set(words) },
      ]),
    )
    this.#joins = from === null ? [] : [...from.#joins]
    this.#others = new Map(from === null ? [] : from.#others)
    this.#after = new Map(
      [...(from === null ? [] : from.#after)].map(([line, { instruction, lines }]) => [
        line,
        { instruction, lines: new Set(lines) },
      ]),
    )
    this.#isClosed = from?.isClosed === true
    if (from !== null) this.ignoreFile = from.ignoreFile
  }

  /** A plan that goes on from this one, for another leak: it is taken where it comes to an end, and dropped where it does not. */
  begin(): Plan {
    return new Plan(this.#dockerfile, this)
  }

  /** The same plan once more, to try something for the same leak. */
  branch(): Plan {
    const branch = new Plan(this.#dockerfile, this)
    branch.#touched = new Set(this.#touched)
    branch.#build = new Set(this.#build)
    branch.#ignore = new Set(this.#ignore)
    return branch
  }

  /** What was asked for since `begin`. */
  get asked(): {
    readonly touched: ReadonlySet<number>
    readonly build: ReadonlySet<string>
    readonly ignore: ReadonlySet<string>
  } {
    return { touched: this.#touched, build: this.#build, ignore: this.#ignore }
  }

  get isClosed(): boolean {
    return this.#isClosed
  }

  get isEmpty(): boolean {
    return this.edits().length === 0
  }

  /** An option that `docker build` takes then. */
  option(text: string): void {
    this.#build.add(text)
  }

  /** A pattern for .dockerignore. */
  leaveOut(pattern: string): void {
    this.#ignore.add(pattern)
  }

  #run(instruction: Instruction): Run {
    const known = this.#runs.get(instruction.startLine)
    if (known !== undefined) return known
    const run: Run = { instruction, mounts: new Map(), exports: new Set(), body: bodyOf(instruction, this.#dockerfile) }
    this.#runs.set(instruction.startLine, run)
    return run
  }

  /** The command of a RUN as it will be. */
  body(instruction: Instruction): string {
    return this.#run(instruction).body
  }

  /** Adds a command that runs where all before it went well. */
  appendCommand(instruction: Instruction, command: string): void {
    const body = this.body(instruction)
    const isLong = body.includes('\n') || body.length + command.length > MAX_LINE - 8
    this.setBody(instruction, `${body} &&${isLong ? ` ${this.#dockerfile.escapeCharacter}\n    ` : ' '}${command}`)
  }

  setBody(instruction: Instruction, body: string): void {
    this.#run(instruction).body = body
    this.#touched.add(instruction.startLine)
  }

  /** Mounts a secret as a file. @param options `target=/root/.npmrc`, `mode=0444`; empty for none */
  mount(instruction: Instruction, id: string, options: readonly string[]): void {
    this.#run(instruction).mounts.set(id, ['--mount=type=secret', `id=${id}`, ...options].join(','))
    this.#touched.add(instruction.startLine)
  }

  /** Whether a RUN mounts a file in a folder, which is there then. */
  mountsIn({ startLine }: Instruction, folder: string): boolean {
    return [...(this.#runs.get(startLine)?.mounts.values() ?? [])].some((mount) => mount.includes(`target=${folder}/`))
  }

  /** Gives a RUN a secret as a variable. @param isRoot the RUN may read what root alone may */
  mountVariable(instruction: Instruction, name: string, isRoot: boolean): void {
    const run = this.#run(instruction)
    const isScript =
      jsonWords(instruction.text) === null && !instruction.documents.some(({ content }) => content.startsWith('#!'))
    this.mount(instruction, name, isScript ? (isRoot ? [] : ['mode=0444']) : [`env=${name}`])
    if (isScript) run.exports.add(name)
  }

  /** Takes names out of ENV, ARG or LABEL, or sources out of COPY or ADD; the instruction goes with the last. */
  drop(instruction: Instruction, words: Iterable<string>): void {
    const known = this.#gone.get(instruction.startLine) ?? { instruction, words: new Set<string>() }
    for (const word of words) known.words.add(word)
    this.#gone.set(instruction.startLine, known)
    this.#touched.add(instruction.startLine)
  }

  /** Adds an instruction behind another one. */
  append(instruction: Instruction, line: string): void {
    const known = this.#after.get(instruction.startLine) ?? { instruction, lines: new Set<string>() }
    known.lines.add(line)
    this.#after.set(instruction.startLine, known)
    this.#touched.add(instruction.startLine)
  }

  /** Puts other lines in the place of an instruction, and closes the plan. */
  replaceForGood(changes: readonly (readonly [Instruction, readonly string[]])[]): void {
    for (const [{ startLine, endLine }, lines] of changes) {
      this.#others.set(startLine, { startLine, endLine, lines })
      this.#touched.add(startLine)
    }
    this.#isClosed = true
  }

  /** Writes several RUN as one: what one makes and another removes is then in no layer. */
  join(instructions: readonly Instruction[]): void {
    for (const { startLine } of instructions) this.#touched.add(startLine)
    const lines = new Set(instructions.map(({ startLine }) => startLine))
    const overlapping = this.#joins.filter((join) => join.some(({ startLine }) => lines.has(startLine)))
    const all = [...new Map([...instructions, ...overlapping.flat()].map((each) => [each.startLine, each])).values()]
    for (const join of overlapping) this.#joins.splice(this.#joins.indexOf(join), 1)
    this.#joins.push(all.sort((a, b) => a.startLine - b.startLine))
    // Whoever changed one of them changes all.
    for (const { startLine } of all) this.#touched.add(startLine)
  }

  #render({ instruction, mounts, exports, body }: Run): Edit {
    const { startLine, endLine, documents, flags } = instruction
    if (body.trim() === '') return { startLine, endLine, lines: [] }
    const { escapeCharacter, lines } = this.#dockerfile
    const options = [...flags, ...mounts.values()]
    const reads = [...exports].map((name) => `export ${name}="$(cat /run/secrets/${name})"`)
    if (documents.length > 0) {
      const own = lines.slice(startLine - 1, endLine)
      return { startLine, endLine, lines: [['RUN', ...options, instruction.text].join(' '), ...reads, ...own.slice(1)] }
    }
    const one = ['RUN', ...options, ...reads.map((read) => `${read} &&`), body].join(' ')
    if (one.length <= MAX_LINE && !one.includes('\n')) return { startLine, endLine, lines: [one] }
    if (options.length === 0 && reads.length === 0) return { startLine, endLine, lines: `RUN ${body}`.split('\n') }
    const parts = [['RUN', ...options].join(' '), ...reads.map((read) => `    ${read} &&`)].map(
      (part) => `${part} ${escapeCharacter}`,
    )
    return { startLine, endLine, lines: [...parts, ...`    ${body}`.split('\n')] }
  }

  #joined(instructions: readonly Instruction[]): Edit[] {
    const [first, ...rest] = instructions
    if (first === undefined) return []
    const runs = instructions.map((instruction) => this.#run(instruction))
    const merged: Run = {
      instruction: { ...first, flags: [...new Set(instructions.flatMap(({ flags }) => flags))] },
      mounts: new Map(runs.flatMap(({ mounts }) => [...mounts])),
      exports: new Set(runs.flatMap(({ exports }) => [...exports])),
      body: runs
        .map(({ body }) => body.trim())
        .filter((body) => body !== '')
        .join(` && ${this.#dockerfile.escapeCharacter}\n    `),
    }
    return [
      { ...this.#render(merged), startLine: first.startLine, endLine: first.endLine },
      ...rest.map(({ startLine, endLine }) => ({ startLine, endLine, lines: [] })),
    ]
  }

  /** The changes, from the top; instructions that stay as they are have none. */
  edits(): Edit[] {
    const own = (startLine: number, endLine: number): string =>
      this.#dockerfile.lines.slice(startLine - 1, endLine).join('\n')
    const joined = new Set(this.#joins.flat().map(({ startLine }) => startLine))
    const runs = [...this.#runs.values()]
      .filter(({ instruction: { startLine } }) => !this.#others.has(startLine) && !joined.has(startLine))
      .map((run) => this.#render(run))
    const shorter = [...this.#gone.values()]
      .filter(({ instruction: { startLine } }) => !this.#others.has(startLine))
      .map(({ instruction, words }): Edit => {
        const { startLine, endLine, keyword } = instruction
        const line =
          keyword === 'COPY' || keyword === 'ADD'
            ? withoutSources(instruction, words)
            : withoutNames(instruction, words)
        return { startLine, endLine, lines: line === null ? [] : [line] }
      })
    const all = [...runs, ...shorter, ...this.#joins.flatMap((join) => this.#joined(join)), ...this.#others.values()]
    const whole = ({ startLine, endLine }: Instruction): readonly string[] =>
      this.#dockerfile.lines.slice(startLine - 1, endLine)
    const changed = new Set(all.map(({ startLine }) => startLine))
    const untouched = [...this.#after.values()]
      .filter(({ instruction: { startLine } }) => !changed.has(startLine))
      .map(({ instruction }): Edit => ({ ...spanOf(instruction), lines: whole(instruction) }))
    return [...all, ...untouched]
      .map((edit) => ({ ...edit, lines: [...edit.lines, ...(this.#after.get(edit.startLine)?.lines ?? [])] }))
      .filter(({ startLine, endLine, lines }) => lines.join('\n') !== own(startLine, endLine))
      .sort((a, b) => a.startLine - b.startLine)
  }
}
