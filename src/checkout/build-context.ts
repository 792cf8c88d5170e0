// The build context: which file of the checkout a COPY or ADD brought into the image, told by its content, and whether
// .dockerignore keeps it out.
import path from 'node:path'
import { contextPath, copySources } from '../dockerfile/copy.ts'
import type { Instruction } from '../dockerfile/dockerfile.ts'
import { readSource, sha256Of, sizeOf, walk } from './checkout.ts'
import { type Dockerignore, ignoredBy, parseDockerignore } from './dockerignore.ts'
import { staysWithin } from './inside.ts'

export interface BuildContext {
  /** Relative to the root of the checkout, with `/`; empty for the root itself. */
  readonly directory: string
  readonly dockerignore: Dockerignore
  /** The file that the patterns are in, or would be, relative to the root of the checkout. */
  readonly ignoreFile: string
}

/** A file of the checkout that has the same content as one of the image. */
export interface ContextFile {
  /** Relative to the root of the checkout. */
  readonly path: string
  /** Relative to the build context: what .dockerignore names. */
  readonly inContext: string
  readonly ignoreFile: string
  /** The pattern that keeps it out today; the image was built without it. */
  readonly ignoredBy: { readonly pattern: string; readonly line: number } | null
}

/** Files that are compared for one file of the image. */
const MAX_COMPARED = 20_000

const join = (...parts: readonly string[]): string => path.posix.join(...parts).replace(/^\.\/|^\.$|\/$/g, '')

/**
 * Reads the patterns of a context. A file beside the Dockerfile that has its name and `.dockerignore` wins.
 * @param root of the checkout
 * @param directory of the context, relative to the root
 * @param dockerfile relative to the root; null where it is not known
 */
export async function readContext(root: string, directory: string, dockerfile: string | null): Promise<BuildContext> {
  const own = dockerfile === null ? null : `${dockerfile}.dockerignore`
  const ownText = own === null ? null : await readSource(root, own)
  const general = join(directory, '.dockerignore')
  const text = ownText ?? (await readSource(root, general))
  return {
    directory: join(directory),
    dockerignore: parseDockerignore(text ?? ''),
    ignoreFile: own !== null && ownText !== null ? own : general,
  }
}

const toContextFile = ({ directory, dockerignore, ignoreFile }: BuildContext, inContext: string): ContextFile => ({
  path: join(directory, inContext),
  inContext,
  ignoreFile,
  ignoredBy: ignoredBy(dockerignore, inContext),
})

/** A file of the image: its path there, size in bytes, SHA-256 of its content in hexadecimal. */
interface CopiedFile {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/** A file of the image with the instruction that may have copied it. */
export interface Copied {
  readonly instruction: Instruction
  /** That a relative target starts from; null where it is not known. */
  readonly workdir: string | null
  readonly file: CopiedFile
}

/** Whether a file of the checkout has the same content. @param relative to the root of the checkout */
async function isSameFile(root: string, relative: string, { size, sha256 }: CopiedFile): Promise<boolean> {
  const full = path.join(root, relative)
  return (await sizeOf(full)) === size && (await sha256Of(root, full)) === sha256
}

/** The file that an instruction copied, where it lies where the instruction says. */
export async function findNamedSource(
  root: string,
  context: BuildContext,
  { instruction, workdir, file }: Copied,
): Promise<ContextFile | null> {
  const named = contextPath(instruction, file.path, workdir)
  return staysWithin(named) && (await isSameFile(root, join(context.directory, named), file))
    ? toContextFile(context, named)
    : null
}

/**
 * The directory of the checkout in which a copied file lies where its instruction says.
 * @returns relative to the root; null where none does, or several do
 */
export async function searchContext(root: string, copied: readonly Copied[]): Promise<string | null> {
  const wanted = copied.map(({ instruction, workdir, file }) => ({
    named: contextPath(instruction, file.path, workdir),
    file,
  }))
  const found = new Set<string>()
  for await (const entry of walk(root, (directory) => !/(?:^|\/)(?:\.git|node_modules)$/.test(directory), MAX_COMPARED))
    for (const { named, file } of entry.kind === 'file' ? wanted : [])
      if (entry.path.endsWith(`/${named}`) && (await isSameFile(root, entry.path, file))) {
        const end = entry.path.length - named.length - 1
        found.add(entry.path.slice(0, end))
      }
  return found.size === 1 ? ([...found][0] ?? null) : null
}

/** Whether an instruction takes the whole context to a place that is known: then each path in the image tells the one in the context. */
const isDefinite = ({ instruction, workdir }: Copied): boolean =>
  workdir !== null &&
  copySources(instruction).join() === '' &&
  !instruction.text.includes('$') &&
  !instruction.flags.some((flag) => /^--(?:parents|from)\b/.test(flag))

/**
 * Finds the file that an instruction copied.
 * @param root of the checkout
 * @returns null where no file of the context has that content: it was made for the build, or removed since
 */
export async function findSource(root: string, context: BuildContext, copied: Copied): Promise<ContextFile | null> {
  const { instruction, file } = copied
  const base = path.join(root, context.directory)
  const isSame = (relative: string): Promise<boolean> => isSameFile(root, join(context.directory, relative), file)
  const named = await findNamedSource(root, context, copied)
  if (named !== null) return named
  if (isDefinite(copied)) return null
  // A pattern or a target that depends on WORKDIR: look at all that the sources name.
  let compared = 0
  for (const source of copySources(instruction)) {
    if (!staysWithin(source) || /^[a-z]+:\/\//.test(source)) continue
    const fixed = source.split('/').findIndex((part) => /[*?[$]/.test(part))
    const start = fixed === -1 ? source : source.split('/').slice(0, fixed).join('/')
    if (fixed === -1 && (await isSame(start))) return toContextFile(context, join(start))
    for await (const entry of walk(path.join(base, start), (directory) => directory !== '.git')) {
      if (entry.kind !== 'file') continue
      if (compared++ > MAX_COMPARED) return null
      const relative = join(start, entry.path)
      // What is kept out cannot have been copied; the named path above was looked at all the same.
      if (ignoredBy(context.dockerignore, relative) === null && (await isSame(relative)))
        return toContextFile(context, relative)
    }
  }
  return null
}
