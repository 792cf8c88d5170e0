// What a package database is: data that says which files of an image are its own and how they are read. list.ts names all.
import type { ImagePath } from '../image/path.ts'

/** Checksums that package databases write down, in hexadecimal. */
export interface ContentHashes {
  readonly md5: string
  readonly sha1: string
  readonly sha256: string
}

/** A line of a package database about one file. It proves nothing by itself: who wrote it counts (evidence/vouching.ts). */
export interface PackageRecord {
  /** What wrote it. */
  readonly kind: 'dpkg' | 'apk' | 'python'
  /** `dpkg openssl`. */
  readonly package: string
  readonly algorithm: keyof ContentHashes
  /** Hexadecimal. */
  readonly checksum: string
}

/** A file of a layer, with its content. */
export interface DatabaseFile {
  readonly path: ImagePath
  readonly content: Buffer
}

/** Takes one line. @param record made only where the file is wanted; null where the line is no record after all */
export type AddRecord = (path: string, record: () => PackageRecord | null) => void

/** Takes a package that is installed. @param name with the manager in front: `dpkg openssl` */
export type AddPackage = (name: string, version: string) => void

export interface PackageDatabase {
  /** Checksums of installed files: read in the layer that holds them, for the files in which something was found. */
  readonly records?: {
    /** Whether a file is kept until its layer is read. */
    readonly wants: (path: string) => boolean
    /** Reads all of a layer's files that it wants. */
    readonly read: (files: readonly DatabaseFile[], add: AddRecord) => void
  }
  /** Which packages are installed, by the files of the final tree. */
  readonly packages?: {
    /** Bytes of a file up to which its text is asked for; 0: its path tells all, or it is none of its files. */
    readonly most: (path: string) => number
    /** Reads one file. @param text null where it was not asked for, or is larger */
    readonly read: (path: string, text: string | null, add: AddPackage) => void
  }
}

/** Bytes of one database file whose text is read. */
export const MAX_DATABASE = 8 << 20

/** The lines of a file, one after the other. */
export function* linesOf(content: Buffer): Generator<string> {
  const text = content.toString('utf8')
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf('\n', at)
    yield text.slice(at, end === -1 ? text.length : end)
    if (end === -1) return
    at = end + 1
  }
}

/** Reads paragraphs of `KEY: value`: the name and the version of each. */
export function readStatus(text: string, nameKey: string, versionKey: string, add: AddPackage): void {
  let name = ''
  for (const line of text.split('\n')) {
    if (line.startsWith(nameKey)) name = line.slice(nameKey.length).trim()
    else if (line.startsWith(versionKey) && name !== '') add(name, line.slice(versionKey.length).trim())
    else if (line.trim() === '') name = ''
  }
}
