// The files of a tar archive: an entry is a range of it. What one reader of the archive finds under another name, or not at
// all, is refused.
import type { FileHandle } from 'node:fs/promises'
import path from 'node:path'
import { ImageError } from '../error.ts'
import type { Limits } from '../limits.ts'
import { checkDocument, chunksOf, cleanName, type ImageFiles } from './files.ts'
import { indexTar, type TarHeader } from './tar-walk.ts'

/** Readers find these by name: a link would let them find different ones. */
const DOCUMENTS = new Set(['manifest.json', 'index.json', 'oci-layout', 'repositories'])

/** Links that are followed from one name. */
const MAX_LINKS = 8

/** The entries of an archive by their clean names. */
class Entries {
  readonly #where: string
  readonly #handle: FileHandle
  readonly #files = new Map<string, TarHeader>()
  readonly #directories = new Set<string>()

  constructor(where: string, handle: FileHandle) {
    this.#where = where
    this.#handle = handle
  }

  #refuse(code: string, name: string, why: string): ImageError {
    return new ImageError(
      code,
      `${this.#where}: ${JSON.stringify(name)} ${why}: which one counts depends on the reader. Save the image again.`,
    )
  }

  /** @throws ImageError for an entry that readers take differently */
  async add(header: TarHeader): Promise<void> {
    if (header.name.split('/').includes('..'))
      throw this.#refuse('bad-name', header.name, 'is a name that leads upwards')
    const name = cleanName(header.name)
    if (header.type === 'directory') {
      if (this.#files.has(name)) throw this.#refuse('duplicate-entry', name, 'is a file and a directory')
      this.#directories.add(name)
      return
    }
    if (DOCUMENTS.has(name) && header.type !== 'file')
      throw this.#refuse('linked-document', name, 'is a link and no file')
    const earlier = this.#files.get(name)
    if (this.#directories.has(name)) throw this.#refuse('duplicate-entry', name, 'is a file and a directory')
    // Extractors take the last of two entries, other readers the first. Builders repeat a layer; that is one file.
    if (earlier !== undefined && !(await this.#isSame(earlier, header)))
      throw this.#refuse('duplicate-entry', name, 'is there twice, with different content')
    this.#files.set(name, header)
  }

  async #isSame(a: TarHeader, b: TarHeader): Promise<boolean> {
    if (a.type !== b.type || a.linkName !== b.linkName || a.size !== b.size) return false
    const others = chunksOf(this.#handle, b.offset, b.size, this.#where)
    for await (const chunk of chunksOf(this.#handle, a.offset, a.size, this.#where)) {
      const other = await others.next()
      if (other.done === true || !chunk.equals(other.value)) return false
    }
    return true
  }

  /** Extractors follow a link to a directory, other readers do not. @throws ImageError for an entry below what is no directory */
  checkParents(): void {
    const checked = new Set<string>(['', '.'])
    for (const name of [...this.#files.keys(), ...this.#directories]) {
      for (let parent = path.posix.dirname(name); !checked.has(parent); parent = path.posix.dirname(parent)) {
        if (this.#files.has(parent))
          throw this.#refuse('below-a-link', name, `lies below ${JSON.stringify(parent)}, which is no directory`)
        checked.add(parent)
      }
    }
  }

  /** The names of all regular files. */
  names(): string[] {
    return [...this.#files].flatMap(([name, { type }]) => (type === 'file' ? [name] : []))
  }

  /** Follows links inside the archive (buildah and Docker ≤ 24 link equal layers). */
  find(name: string): { readonly name: string; readonly header: TarHeader } | null {
    let at = cleanName(name)
    for (let hops = 0; hops < MAX_LINKS; hops++) {
      const header = this.#files.get(at)
      if (header === undefined) return null
      if (header.type === 'file') return { name: at, header }
      if (header.type !== 'symlink' && header.type !== 'link') return null
      at =
        header.type === 'link'
          ? cleanName(header.linkName)
          : cleanName(path.posix.join(path.posix.dirname(`/${at}`), header.linkName))
    }
    return null
  }
}

/** Opens a tar archive that lies at the start of an open file. Takes the handle over. @throws ImageError */
export async function tarFiles(where: string, handle: FileHandle, limits: Limits): Promise<ImageFiles> {
  const { size } = await handle.stat()
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await handle.read(buffer, 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }
  const entries = new Entries(where, handle)
  for (const header of await indexTar(where, size, read, limits)) if (!header.afterEnd) await entries.add(header)
  entries.checkParents()
  const need = (name: string): TarHeader => {
    const found = entries.find(name)
    if (found === null) throw new ImageError('missing-file', `${where}: ${name} is missing from the archive.`)
    return found.header
  }
  return {
    where,
    limits,
    has: async (name) => entries.find(name) !== null,
    size: async (name) => need(name).size,
    read: async (name) => {
      const header = need(name)
      checkDocument(where, name, header.size)
      return read(header.offset, header.size)
    },
    async *stream(name) {
      const header = need(name)
      yield* chunksOf(handle, header.offset, header.size, where)
    },
    list: async () => entries.names(),
    real: async (name) => entries.find(name)?.name ?? null,
    close: () => handle.close(),
  }
}
