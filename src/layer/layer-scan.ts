// What the scan of one layer yields: it depends on that layer and the detectors alone.
import type { LayerRecords } from '../filesystem/packages.ts'
import type { ImagePath } from '../filesystem/path.ts'
import type { Digest } from '../image/image.ts'
import type { SecretMatch } from '../secrets/match.ts'
import type { TarMatch } from './header-text.ts'

export type EntryType = 'file' | 'hardlink' | 'symlink' | 'directory' | 'device'

/** One entry of a layer's tar, in its order. */
export interface LayerEntry {
  readonly path: ImagePath
  readonly type: EntryType
  /** Permission bits with setuid, setgid and sticky. */
  readonly mode: number
  readonly uid: number
  readonly gid: number
  /** Bytes. */
  readonly size: number
  /** Seconds since 1970. */
  readonly mtime: number
  /** Target: a cleaned path for a hard link, the text as written for a symbolic link. */
  readonly link: string | null
  /**
   * `file`: hides `hides` and what lies below it in lower layers; `opaque`: hides all that lower layers have in `hides`.
   * https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#whiteouts
   */
  readonly whiteout: { readonly kind: 'file' | 'opaque'; readonly hides: ImagePath } | null
  /** Lies behind the end of the tar, where no extractor looks. */
  readonly afterEnd: boolean
}

/** A secret in an entry, or in a member of an archive that the entry is. */
export interface LayerMatch extends SecretMatch {
  /** Index of the entry. */
  readonly entry: number
  /** Path inside the nested archives, null for the entry's own bytes. */
  readonly inside: string | null
}

/** Checksums of an entry's content in hexadecimal, as package databases write them. */
export interface ContentHashes {
  readonly md5: string
  readonly sha1: string
  readonly sha256: string
}

/** A small file that later steps read: users, scripts, the system's name; while the layer is read, its package databases. */
export interface Extract {
  readonly entry: number
  readonly content: Buffer
}

/** Something that was not looked into, beyond its raw bytes. */
export interface Skipped {
  /** The path of the entry; members of archives behind `!/`. */
  readonly path: string
  readonly reason: string
}

/** What kind of program an entry holds, told by its content. */
export type ProgramKind = 'elf' | 'script' | 'busybox' | 'bash'

export interface LayerScan {
  readonly index: number
  readonly diffId: Digest
  /** Bytes of the uncompressed tar. */
  readonly size: number
  readonly entries: readonly LayerEntry[]
  readonly matches: readonly LayerMatch[]
  /** Secrets in the headers of its tar. */
  readonly metadata: readonly TarMatch[]
  /** By entry; only entries with a match, or not looked into wholly, have hashes, and of these the ones up to 16 MiB. */
  readonly hashes: ReadonlyMap<number, ContentHashes>
  /** What the package databases of this layer say of the same entries. */
  readonly records: LayerRecords
  /** Entries with a match that belong to an installed package whose metadata this layer holds: the path from the package's folder on. */
  readonly installed: ReadonlyMap<number, string>
  readonly extracts: readonly Extract[]
  /** By entry. */
  readonly programs: ReadonlyMap<number, ProgramKind>
  readonly skipped: readonly Skipped[]
}
