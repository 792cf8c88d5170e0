// The files of an image source, by name: the entries of a tar archive or the files of a layout directory. Nothing is
// unpacked: an entry is a range of the archive.
import { readSync } from 'node:fs'
import { type FileHandle, open, readdir, realpath } from 'node:fs/promises'
import path from 'node:path'
import { ImageError } from '../error.ts'
import { CHUNK } from './compression.ts'
import { indexTar, type TarHeader } from './tar-walk.ts'

/** Manifests and configurations are small; a larger one is an attack or no manifest. */
const MAX_DOCUMENT = 64 << 20

/** Read access to the files of one source. */
export interface ImageFiles {
  /** What error messages call the source. */
  readonly where: string
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
async function* chunks(handle: FileHandle, offset: number, length: number, where: string): AsyncGenerator<Buffer> {
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

/** `./blobs//x`, `/blobs/x` and `blobs/x` are one name, as for the tools that write and load archives. */
const clean = (name: string): string => path.posix.join('/', name).slice(1)

/** Opens a tar archive that lies at the start of an open file. Takes the handle over. */
export async function tarFiles(where: string, handle: FileHandle): Promise<ImageFiles> {
  const { size } = await handle.stat()
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await handle.read(buffer, 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }
  const entries = new Map<string, TarHeader>()
  for (const header of await indexTar(where, size, read)) {
    if (header.afterEnd || header.type === 'directory') continue
    const name = clean(header.name)
    const earlier = entries.get(name)
    // Extractors take the last of two entries, other readers the first: an archive must not show them different images.
    if (earlier !== undefined && (earlier.type !== header.type || earlier.linkName !== header.linkName || header.type === 'file')) {
      throw new ImageError('duplicate-entry', `${where}: holds ${JSON.stringify(name)} twice: which one counts depends on the reader. Save the image again.`)
    }
    entries.set(name, header)
  }
  /** Follows links inside the archive (buildah and Docker ≤ 24 link equal layers). */
  const find = (name: string): TarHeader | null => {
    let at = clean(name)
    for (let hops = 0; hops < 8; hops++) {
      const header = entries.get(at)
      if (header === undefined) return null
      if (header.type === 'file') return header
      if (header.type !== 'symlink' && header.type !== 'link') return null
      at = header.type === 'link' ? clean(header.linkName) : clean(path.posix.join(path.posix.dirname(`/${at}`), header.linkName))
    }
    return null
  }
  const need = (name: string): TarHeader => {
    const header = find(name)
    if (header === null) throw new ImageError('missing-file', `${where}: ${name} is missing from the archive.`)
    return header
  }
  return {
    where,
    has: async (name) => find(name) !== null,
    size: async (name) => need(name).size,
    read: async (name) => {
      const header = need(name)
      checkDocument(where, name, header.size)
      return read(header.offset, header.size)
    },
    async *stream(name) {
      const header = need(name)
      yield* chunks(handle, header.offset, header.size, where)
    },
    list: async () => [...entries].flatMap(([name, { type }]) => (type === 'file' ? [name] : [])),
    real: async (name) => {
      const header = find(name)
      return header === null ? null : clean(header.name)
    },
    close: () => handle.close(),
  }
}

function checkDocument(where: string, name: string, size: number): void {
  if (size > MAX_DOCUMENT) throw new ImageError('too-large', `${where}: ${name} has ${size} bytes; manifests and configurations of up to ${MAX_DOCUMENT} are read.`)
}

/** Opens an OCI layout directory. */
export function directoryFiles(directory: string): ImageFiles {
  const where = directory
  const locate = (name: string): string => path.join(directory, clean(name))
  const opened = async (name: string): Promise<FileHandle> => {
    try {
      return await open(locate(name), 'r')
    } catch (cause) {
      throw new ImageError('missing-file', `${where}: ${name} is missing from the layout or cannot be read.`, { cause })
    }
  }
  return {
    where,
    has: async (name) => {
      try {
        const handle = await open(locate(name), 'r')
        const stat = await handle.stat()
        await handle.close()
        return stat.isFile()
      } catch {
        return false
      }
    },
    size: async (name) => {
      const handle = await opened(name)
      try {
        return (await handle.stat()).size
      } finally {
        await handle.close()
      }
    },
    read: async (name) => {
      const handle = await opened(name)
      try {
        checkDocument(where, name, (await handle.stat()).size)
        return await handle.readFile()
      } finally {
        await handle.close()
      }
    },
    async *stream(name) {
      const handle = await opened(name)
      try {
        yield* chunks(handle, 0, (await handle.stat()).size, where)
      } finally {
        await handle.close()
      }
    },
    list: async () => {
      const all = await readdir(directory, { recursive: true, withFileTypes: true })
      return all.flatMap((entry) => (entry.isFile() ? [path.relative(directory, path.join(entry.parentPath, entry.name))] : [])).sort()
    },
    real: async (name) => {
      try {
        return path.relative(await realpath(directory), await realpath(locate(name)))
      } catch {
        return null
      }
    },
    close: async () => {},
  }
}
