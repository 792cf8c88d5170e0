// The physical lines of a value inside a long instruction: whoever reads the finding looks at these.
import { type Dockerfile, type Instruction, lineAt } from '../dockerfile/dockerfile.ts'
import type { DockerfileLines } from '../dockerfile/lines.ts'

/** Shorter lines of a value, such as the last one of a key, are not looked for alone. */
const MIN_LINE = 12

/** From the first to the last line of a value in a text. */
function rangeIn(text: string, value: string): { readonly from: number; readonly to: number } | null {
  const whole = text.indexOf(value)
  if (whole !== -1) return { from: whole, to: whole + value.length - 1 }
  // What stands there is indented, or has other line ends.
  const parts = value.split(/\r?\n|\\n/).filter((part) => part.length >= MIN_LINE)
  const [first = '', last = first] = [parts[0], parts.at(-1)]
  const from = first === '' ? -1 : text.indexOf(first)
  const to = from === -1 ? -1 : text.indexOf(last, from)
  return to === -1 ? null : { from, to: to + last.length - 1 }
}

const ESCAPE = /[.*+?^${}()|[\]\\]/g

/** Where a name is given a value. */
function nameIn(text: string, name: string): { readonly from: number; readonly to: number } | null {
  const at = name === '' ? -1 : text.search(new RegExp(`(?<![\\w.-])["']?${name.replace(ESCAPE, '\\$&')}["']?[=\\s]`))
  return at === -1 ? null : { from: at, to: at }
}

/** Line ends in front of a character. */
function breaksBefore(text: string, end: number): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count++
  return count
}

/**
 * The lines of an instruction that hold a value.
 * @param name that is given the value, where it does not stand there as it is; empty for none
 * @returns null where neither is found
 */
export function linesIn(
  instruction: Instruction,
  value: string,
  name: string,
): { readonly startLine: number; readonly endLine: number } | null {
  const { text, documents } = instruction
  const range = rangeIn(text, value)
  const linesOf = ({
    from,
    to,
  }: {
    readonly from: number
    readonly to: number
  }): { startLine: number; endLine: number } => ({
    startLine: lineAt(instruction, from),
    endLine: lineAt(instruction, to),
  })
  if (range !== null) return linesOf(range)
  for (const { content, startLine } of documents) {
    const within = rangeIn(content, value)
    if (within !== null)
      return {
        startLine: startLine + breaksBefore(content, within.from),
        endLine: startLine + breaksBefore(content, within.to),
      }
  }
  const named = nameIn(text, name)
  return named === null ? null : linesOf(named)
}

/** The instructions of each Dockerfile by their first line: a history may repeat a value in thousands of entries. */
const instructionsAt = new WeakMap<Dockerfile, ReadonlyMap<number, Instruction>>()

function instructionAt(dockerfile: Dockerfile, { startLine, endLine }: DockerfileLines): Instruction | undefined {
  let known = instructionsAt.get(dockerfile)
  if (known === undefined) {
    known = new Map(
      dockerfile.stages.flatMap(({ instructions }) => instructions.map((each) => [each.startLine, each] as const)),
    )
    instructionsAt.set(dockerfile, known)
  }
  const found = known.get(startLine)
  return found?.endLine === endLine ? found : undefined
}

/** Narrows the lines of an instruction to those of a value in it; the same lines where that is not certain. */
export function narrowed(
  dockerfile: Dockerfile | null,
  lines: DockerfileLines | null,
  value: string,
  name: string,
): DockerfileLines | null {
  if (dockerfile === null || lines === null || lines.startLine === lines.endLine || lines.path !== dockerfile.path)
    return lines
  const instruction = instructionAt(dockerfile, lines)
  const found = instruction === undefined ? null : linesIn(instruction, value, name)
  return found === null ? lines : { ...lines, ...found }
}
