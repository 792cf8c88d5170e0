// The files of an image source, by name, whatever they lie in. Nothing is unpacked.
import { readSync } from 'node:fs'
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { ImageError } from '../error.ts'
import type { Limits } from '../limits.ts'
import { CHUNK } from './compression.ts'

/** Manifests and configurations are small; a larger one is an attack or no manifest. */
const MAX_DOCUMENT = 64 << 20

/** Read access to the files of one source. */
export interface ImageFiles {
  /** What error messages call the source. */
  readonly where: string
  readonly limits: Limits
  /** @throws ImageError when what has that name cannot be read as a file */
  has(name: string): Promise<boolean>
  /** @throws ImageError when it is missing */
  size(name: string): Promise<number>
  /** The whole file, which must be small. @throws ImageError */
  read(name: string): Promise<Buffer>
  /** The file in large chunks; the bytes of one are valid until VALID_CHUNKS more were read. */
  stream(name: string): AsyncIterable<Buffer>
  /** The names of all regular files. */
  list(): Promise<readonly string[]>
  /** The name, as in `list`, under which a file's bytes lie: links are followed. null for none. */
  real(name: string): Promise<string | null>
  close(): Promise<void>
}

/**
 * Chunks whose bytes stay valid at the same time: whoever keeps more of a stream than this many megabytes copies it. Buffers
 * are used in turn, since fresh ones for every megabyte keep the garbage collector busy.
 */
const VALID_CHUNKS = 24

/** Reads `length` bytes at `offset` in chunks of one megabyte. Reading is synchronous: nothing else could go on meanwhile. */
export async function* chunksOf(
  handle: FileHandle,
  offset: number,
  length: number,
  where: string,
): AsyncGenerator<Buffer> {
  const end = offset + length
  const ring: Buffer[] = []
  for (let at = offset, turn = 0; at < end; turn = (turn + 1) % (VALID_CHUNKS + 2)) {
    const wanted = Math.min(CHUNK, end - at)
    const buffer = ring[turn] ?? Buffer.allocUnsafeSlow(Math.min(CHUNK, length))
    ring[turn] = buffer
    const bytesRead = readSync(handle.fd, buffer, 0, wanted, at)
    if (bytesRead === 0) throw new ImageError('truncated', `${where}: the file ended while it was read.`)
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** `./blobs//x`, `/blobs/x` and `blobs/x/` are one name, as for the tools that write and load archives. */
export const cleanName = (name: string): string => path.posix.join('/', name).slice(1).replace(/\/$/, '')

/** @throws ImageError for a document that is too large to be one */
export function checkDocument(where: string, name: string, size: number): void {
  if (size > MAX_DOCUMENT)
    throw new ImageError(
      'too-large',
      `${where}: ${name} has ${size} bytes; manifests and configurations of up to ${MAX_DOCUMENT} are read.`,
    )
}
