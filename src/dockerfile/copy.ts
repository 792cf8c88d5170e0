// Which file of the build context a COPY or ADD brought in, as far as its words tell.
import { baseName } from '../filesystem/path.ts'

/** The words of a COPY: shell form or JSON form, flags left out. */
function wordsOf(text: string): string[] {
  const bare = text.replace(/^(?:\s*--[a-z-]+(?:=\S+)?)+\s+/, '').trim()
  if (bare.startsWith('[')) {
    try {
      const parsed: unknown = JSON.parse(bare)
      if (Array.isArray(parsed)) return parsed.map(String)
    } catch {
      // Not JSON: the builder takes it for the shell form.
    }
  }
  return bare.split(/\s+/).map((word) => word.replace(/^(["'])(.*)\1$/, '$2'))
}

const join = (directory: string, rest: string): string => (directory === '' ? rest : `${directory}/${rest}`)

/**
 * The path in the build context, for .dockerignore.
 * @param text arguments of the instruction
 * @param path of the file in the image
 */
export function contextPath(text: string, path: string): string {
  const words = wordsOf(text)
  const target = (words.at(-1) ?? '').replace(/\/+$/, '')
  const sources = words.slice(0, -1).map((word) => word.replace(/^(?:\.?\/)+|\/+$/g, '').replace(/^\.$/, ''))
  const name = baseName(path)
  const named = sources.find((source) => baseName(source) === name)
  if (named !== undefined) return named
  const [only] = sources
  if (only === undefined || sources.length > 1 || /[*?[$]/.test(only)) return name
  // A relative target depends on WORKDIR: what follows its name in the path is what the directory held.
  const at = target.startsWith('/') ? (path === target ? 0 : path.startsWith(`${target}/`) ? target.length + 1 : -1) : -1
  if (path === target) return only === '' ? name : only
  return at === -1 ? (only === '' ? name : join(only, name)) : join(only, path.slice(at))
}
