// A temporary file without a name: the content of a pipe or of a packed archive, to be read at any offset.
import { type FileHandle, mkdtemp, open, rm } from 'node:fs/promises'
import path from 'node:path'
import { codeOf, ImageError } from '../error.ts'
import { raise } from '../limits.ts'

/** Where a stream is written to, and how much of it. */
export interface SpoolOptions {
  readonly temporary: string
  readonly limits: { readonly 'spool-bytes': number }
}

/**
 * Writes the stream to a temporary file and returns it open for reading. The file is unlinked before the
 * first byte is written, so that nothing stays behind however the process ends.
 * @throws ImageError `disk-full`, `io`, or `too-large` beyond the limit
 */
export async function spool(
  source: AsyncIterable<Buffer>,
  where: string,
  { temporary: directory, limits }: SpoolOptions,
): Promise<FileHandle> {
  let handle: FileHandle | null = null
  let folder: string | null = null
  try {
    folder = await mkdtemp(path.join(directory, 'layergate-'))
    handle = await open(path.join(folder, 'spool'), 'wx+', 0o600)
  } catch (cause) {
    throw new ImageError(
      'io',
      `${where}: no temporary file can be made in ${directory}: set TMPDIR to a directory with room.`,
      { cause },
    )
  } finally {
    if (folder !== null) await rm(folder, { recursive: true, force: true })
  }
  try {
    let size = 0
    for await (const chunk of source) {
      size += chunk.length
      if (size > limits['spool-bytes'])
        throw new ImageError(
          'too-large',
          `${where}: more than ${limits['spool-bytes']} bytes would be written to ${directory} ${raise('spool-bytes')}`,
        )
      await handle.appendFile(chunk)
    }
    return handle
  } catch (cause) {
    await handle.close()
    if (codeOf(cause) === 'ENOSPC') {
      throw new ImageError(
        'disk-full',
        `${where}: the disk that holds ${directory} is full. Free some room or set TMPDIR to another directory.`,
        { cause },
      )
    }
    throw cause
  }
}
