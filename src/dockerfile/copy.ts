// Which file of the build context a COPY or ADD brought in, as far as its words tell.
import { baseName, cleanPath } from '../image/path.ts'
import type { Instruction } from './dockerfile.ts'
import { jsonWords } from './patterns.ts'

/** The words of a COPY: shell form or JSON form. Here-documents are no files of the context. */
const wordsOf = ({ text }: Pick<Instruction, 'text'>): string[] =>
  jsonWords(text) ?? text.split(/\s+/).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'))

const join = (directory: string, rest: string): string => (directory === '' ? rest : `${directory}/${rest}`)

/** What a COPY or ADD names as sources, relative to the context; empty for the whole context. */
export const copySources = (instruction: Pick<Instruction, 'text'>): string[] =>
  wordsOf(instruction)
    .slice(0, -1)
    .filter((word) => !word.startsWith('<<'))
    .map((word) => word.replace(/^(?:\.?\/)+|(?<!\/)\/+$/g, '').replace(/^\.$/, ''))

/**
 * The path in the build context, for .dockerignore.
 * @param path of the file in the image
 * @param workdir that a relative target starts from; null where it is not known
 */
export function contextPath(
  instruction: Pick<Instruction, 'text'>,
  path: string,
  workdir: string | null = null,
): string {
  const written = (wordsOf(instruction).at(-1) ?? '').replace(/(?<=[^/]|^\/)\/+$/, '')
  const target =
    written.startsWith('/') || workdir === null
      ? written.replace(/^\/$/, '')
      : cleanPath(`${workdir}/${written}`).replace(/^\/$/, '')
  const isAbsolute = written.startsWith('/') || workdir !== null
  const sources = copySources(instruction)
  const name = baseName(path)
  const named = sources.find((source) => baseName(source) === name)
  if (named !== undefined) return named
  const [only] = sources
  if (only === undefined || sources.length > 1 || /[*?[$]/.test(only)) return name
  // A relative target depends on WORKDIR: what follows its name in the path is what the directory held.
  const at = isAbsolute ? (path === target ? 0 : path.startsWith(`${target}/`) ? target.length + 1 : -1) : -1
  if (path === target) return only === '' ? name : only
  return at === -1 ? (only === '' ? name : join(only, name)) : join(only, path.slice(at))
}
