// A Dockerfile as the builder reads it: stages and instructions with their lines. Parsed by dockerfile-ast.
import { type Argument, type Instruction as AstInstruction, DockerfileParser } from 'dockerfile-ast'

export interface Instruction {
  /** Upper case: `RUN`. */
  readonly keyword: string
  /** The arguments as written, continuations joined, flags left out. */
  readonly text: string
  /** Lines from 1; here-documents and continuations included. */
  readonly startLine: number
  readonly endLine: number
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
  readonly stages: readonly Stage[]
}

const lineOf = (instruction: AstInstruction): Pick<Instruction, 'startLine' | 'endLine'> => {
  const { start, end } = instruction.getRange()
  return { startLine: start.line + 1, endLine: end.line + 1 }
}

function toInstruction(instruction: AstInstruction, lines: readonly string[], escapeCharacter: string): Instruction {
  const keyword = instruction.getKeyword()
  const { startLine, endLine } = lineOf(instruction)
  const content = instruction.getArgumentsContent() ?? ''
  if (startLine === endLine || content.includes('<<')) return { keyword, text: content, startLine, endLine }
  // The parser leaves comment lines inside a continued instruction in the text; builders take them out.
  const continued = new RegExp(`${escapeCharacter === '`' ? '`' : '\\\\'}[ \\t]*$`)
  const joined = lines
    .slice(startLine - 1, endLine)
    .filter((line, index) => index === 0 || !/^\s*(?:#|$)/.test(line))
    .map((line) => line.replace(continued, ''))
    .join('')
  return { keyword, text: joined.replace(/^\s*\S+\s*/, '').replace(/^(?:--[a-z-]+(?:=\S*)?\s+)+/, ''), startLine, endLine }
}

/** Fills in `$NAME`, `${NAME}` and `${NAME:-default}` from the arguments before the first FROM. */
function expand(text: string, args: ReadonlyMap<string, string>): string {
  return text.replace(
    /\$(?:(\w+)|\{(\w+)(?::?[-](?<fallback>[^}]*))?\})/g,
    (whole, bare: string | undefined, braced: string | undefined, fallback: string | undefined) => args.get(bare ?? braced ?? '') ?? fallback ?? whole,
  )
}

/** Parses a Dockerfile. Text that is none gives no stages. */
export function parseDockerfile(path: string, text: string): Dockerfile {
  const stages: Stage[] = []
  const args = new Map<string, string>()
  let current: { stage: Omit<Stage, 'instructions'>; instructions: Instruction[] } | null = null
  const close = (): void => {
    if (current !== null) stages.push({ ...current.stage, instructions: current.instructions })
  }
  const lines = text.split(/\r?\n/)
  const parsed = DockerfileParser.parse(text)
  for (const ast of parsed.getInstructions()) {
    const instruction = toInstruction(ast, lines, parsed.getEscapeCharacter())
    if (instruction.keyword === 'FROM') {
      close()
      // The syntax tree leaves flags out of the content, not out of the arguments.
      const words = ast
        .getArguments()
        .map((argument: Argument) => argument.getValue())
        .filter((word) => !word.startsWith('--'))
      const name = words[1]?.toUpperCase() === 'AS' ? (words[2]?.toLowerCase() ?? null) : null
      current = { stage: { index: stages.length, name, from: expand(words[0] ?? '', args), fromInstruction: instruction }, instructions: [] }
    } else if (current !== null) current.instructions.push(instruction)
    else if (instruction.keyword === 'ARG') {
      const match = /^(\w+)=(["']?)(.*)\2$/.exec(instruction.text.trim())
      if (match?.[1] !== undefined) args.set(match[1], expand(match[3] ?? '', args))
    }
  }
  close()
  return { path, text, lines, stages }
}

/** The stage that FROM refers to, if it refers to an earlier one: by name or by number. */
export function parentStage(dockerfile: Dockerfile, stage: Stage): Stage | null {
  const wanted = stage.from.toLowerCase()
  const earlier = dockerfile.stages.slice(0, stage.index)
  return earlier.findLast(({ name }) => name !== null && name === wanted) ?? null
}
