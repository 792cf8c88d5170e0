// Reads a file that may be anything: a pipe in a checkout would hold the run for ever, a device would never end.
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'

/** Why a file was not read, as errors of the file system have it. */
class NotRegular extends Error {
  readonly code = 'no regular file'
}

/** Opens a regular file, never waiting for a writer. @throws Error with a `code`, as `open` does */
export async function openRegular(file: string): Promise<FileHandle> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK)
  if ((await handle.stat()).isFile()) return handle
  await handle.close()
  throw new NotRegular(`${file} is no regular file`)
}

/** The text of a regular file. @throws Error with a `code` */
export async function readRegular(file: string): Promise<string> {
  const handle = await openRegular(file)
  try {
    return await handle.readFile('utf8')
  } finally {
    await handle.close()
  }
}
