// A small file, read whole: regular files alone, so that no pipe or device holds the run up, and never more than its bound.

import { constants, type Stats } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { codeOf, reasonOf } from '../error.ts'
import { leadsOut, pathInCheckout } from './inside.ts'

/** The text of a file, or why there is none. */
export type WholeFile =
  | { readonly text: string }
  | { readonly text: null; readonly isMissing: boolean; readonly why: string }

const refused = (why: string): WholeFile => ({ text: null, isMissing: false, why })

function kindOf(info: Stats): string {
  if (info.isDirectory()) return 'a directory'
  if (info.isFIFO()) return 'a named pipe'
  if (info.isSocket()) return 'a socket'
  return 'a device'
}

/** The first bytes of what Git LFS commits in place of a file. https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md */
const LFS_POINTER = /^version https:\/\/git-lfs\.github\.com\/spec\//

/** Why a text that was read as a file is not its content; null for what it seems. */
export const notContent = (text: string): string | null =>
  LFS_POINTER.test(text) ? 'it is a pointer of Git LFS, and its content is elsewhere: commit the file itself' : null

async function bounded(handle: FileHandle, most: number): Promise<string | null> {
  const parts: Buffer[] = []
  let left = most + 1
  while (left > 0) {
    const buffer = Buffer.alloc(Math.min(left, 1 << 16))
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, null)
    if (bytesRead === 0) return Buffer.concat(parts).toString('utf8')
    parts.push(buffer.subarray(0, bytesRead))
    left -= bytesRead
  }
  return null
}

/**
 * Reads a file.
 * @param most bytes
 * @param root of the checkout, whose files must stay in it whatever links they are; null: links are followed
 */
export async function readWhole(file: string, most: number, root: string | null = null): Promise<WholeFile> {
  if (root !== null && pathInCheckout(root, file) !== null && (await leadsOut(root, file)))
    return refused('a symbolic link leads out of the checkout')
  let handle: FileHandle
  try {
    // A pipe without a writer would be waited for.
    handle = await open(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    const code = codeOf(error)
    return code === 'ENOENT' || code === 'ENOTDIR'
      ? { text: null, isMissing: true, why: 'no such file' }
      : refused(code === 'ENXIO' ? 'it is a socket, no file' : reasonOf(error))
  }
  try {
    const info = await handle.stat()
    if (!info.isFile()) return refused(`it is ${kindOf(info)}, no file`)
    const text = await bounded(handle, most)
    return text === null ? refused(`it has more than ${most >> 10} KiB`) : { text }
  } catch (error) {
    return refused(reasonOf(error))
  } finally {
    await handle.close()
  }
}
