// Changes to a Dockerfile, collected by instruction and written as whole lines: what a person pastes over their own.
import type { Dockerfile, Instruction } from '../dockerfile/dockerfile.ts'
import { jsonWords } from '../dockerfile/patterns.ts'

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

export class Plan {
  readonly #dockerfile: Dockerfile
  readonly #runs = new Map<number, Run>()
  readonly #others = new Map<number, Edit>()
  /** Options for `docker build`. */
  readonly build = new Set<string>()
  /** Patterns for .dockerignore. */
  readonly ignore = new Set<string>()
  /** The file that they go into. */
  ignoreFile = '.dockerignore'

  constructor(dockerfile: Dockerfile) {
    this.#dockerfile = dockerfile
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

  setBody(instruction: Instruction, body: string): void {
    this.#run(instruction).body = body
  }

  /** Mounts a secret as a file. @param options `target=/root/.npmrc`, `mode=0444`; empty for none */
  mount(instruction: Instruction, id: string, options: readonly string[]): void {
    this.#run(instruction).mounts.set(id, ['--mount=type=secret', `id=${id}`, ...options].join(','))
  }

  /** Gives a RUN a secret as a variable. @param isRoot the RUN may read what root alone may */
  mountVariable(instruction: Instruction, name: string, isRoot: boolean): void {
    const run = this.#run(instruction)
    const isScript =
      jsonWords(instruction.text) === null && !instruction.documents.some(({ content }) => content.startsWith('#!'))
    this.mount(instruction, name, isScript ? (isRoot ? [] : ['mode=0444']) : [`env=${name}`])
    if (isScript) run.exports.add(name)
  }

  remove(instruction: Instruction): void {
    this.replace(instruction, [])
  }

  replace(instruction: Instruction, lines: readonly string[]): void {
    this.#others.set(instruction.startLine, { startLine: instruction.startLine, endLine: instruction.endLine, lines })
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

  /** The changes, from the top; instructions that stay as they are have none. */
  edits(): Edit[] {
    const own = (startLine: number, endLine: number): string =>
      this.#dockerfile.lines.slice(startLine - 1, endLine).join('\n')
    const runs = [...this.#runs.values()]
      .filter(({ instruction }) => !this.#others.has(instruction.startLine))
      .map((run) => this.#render(run))
    return [...runs, ...this.#others.values()]
      .filter(({ startLine, endLine, lines }) => lines.join('\n') !== own(startLine, endLine))
      .sort((a, b) => a.startLine - b.startLine)
  }

  /** Writes several RUN as one: what one makes and another removes is then in no layer. */
  join(instructions: readonly Instruction[]): void {
    const [first, ...rest] = instructions
    const last = rest.at(-1)
    if (first === undefined || last === undefined) return
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
    const { lines } = this.#render(merged)
    for (const { startLine, endLine } of rest) this.#others.set(startLine, { startLine, endLine, lines: [] })
    this.#others.set(first.startLine, { startLine: first.startLine, endLine: first.endLine, lines })
  }
}

/** The Dockerfile with the edits made, as text. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const lines = text.split(/\r?\n/)
  for (const { startLine, endLine, lines: own } of [...edits].sort((a, b) => b.startLine - a.startLine))
    lines.splice(startLine - 1, endLine - startLine + 1, ...own)
  return lines.join('\n')
}
