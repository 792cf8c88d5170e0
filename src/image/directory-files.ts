// The files of a layout directory. Only regular files inside it are opened: a pipe would be waited for without end, a link that
// leads outside would read what the layout does not hold.
import { constants } from 'node:fs'
import { type FileHandle, open, readdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, ImageError, reasonOf } from '../error.ts'
import type { Limits } from '../limits.ts'
import { checkDocument, chunksOf, cleanName, type ImageFiles } from './files.ts'

/** Opens a regular file below the root. @returns null where there is nothing of that name */
async function openInside(root: string, name: string, where: string): Promise<FileHandle | null> {
  const refuse = (why: string, cause?: unknown): ImageError =>
    new ImageError('not-readable', `${where}: ${name} ${why}. Copy the layout again.`, { cause })
  let real: string
  try {
    real = await realpath(path.join(root, cleanName(name)))
  } catch (cause) {
    if (/^(?:ENOENT|ENOTDIR)$/.test(codeOf(cause))) return null
    throw refuse(`cannot be read: ${reasonOf(cause)}`, cause)
  }
  if (!real.startsWith(root.endsWith(path.sep) ? root : root + path.sep))
    throw refuse('is a link that leads out of the layout')
  let handle: FileHandle
  try {
    // Without waiting: a pipe that nobody writes to would hold the run for ever.
    handle = await open(real, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW)
  } catch (cause) {
    throw refuse(`cannot be read: ${reasonOf(cause)}`, cause)
  }
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw refuse('is no regular file')
}

/** Opens an OCI layout directory. @throws ImageError */
export async function directoryFiles(directory: string, limits: Limits): Promise<ImageFiles> {
  const where = directory
  const root = await realpath(directory).catch((cause: unknown) => {
    throw new ImageError('not-readable', `${directory}: cannot be read: ${reasonOf(cause)}.`, { cause })
  })
  const need = async (name: string): Promise<FileHandle> => {
    const handle = await openInside(root, name, where)
    if (handle === null) throw new ImageError('missing-file', `${where}: ${name} is missing from the layout.`)
    return handle
  }
  const withFile = async <T>(name: string, use: (handle: FileHandle) => Promise<T>): Promise<T> => {
    const handle = await need(name)
    try {
      return await use(handle)
    } finally {
      await handle.close()
    }
  }
  return {
    where,
    limits,
    has: async (name) => {
      const handle = await openInside(root, name, where)
      await handle?.close()
      return handle !== null
    },
    size: (name) => withFile(name, async (handle) => (await handle.stat()).size),
    read: (name) =>
      withFile(name, async (handle) => {
        checkDocument(where, name, (await handle.stat()).size)
        return handle.readFile()
      }),
    async *stream(name) {
      const handle = await need(name)
      try {
        yield* chunksOf(handle, 0, (await handle.stat()).size, where)
      } finally {
        await handle.close()
      }
    },
    list: async () => {
      const all = await readdir(root, { recursive: true, withFileTypes: true })
      return all
        .flatMap((entry) => (entry.isFile() ? [path.relative(root, path.join(entry.parentPath, entry.name))] : []))
        .sort()
    },
    real: async (name) => {
      const inside = path.relative(root, await realpath(path.join(root, cleanName(name))).catch(() => root))
      return inside === '' || inside.split(path.sep)[0] === '..' ? null : inside
    },
    close: async () => {},
  }
}
