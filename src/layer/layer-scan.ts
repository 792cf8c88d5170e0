// What the scan of one layer yields: it depends on that layer and the detectors alone.

import type { Digest } from '../image/image.ts'
import type { ImagePath } from '../image/path.ts'
import type { ContentHashes, PackageRecord } from '../packages/database.ts'
import type { InPackage } from '../packages/installed.ts'
import type { Indicator } from '../secrets/content-scan.ts'
import type { SecretMatch } from '../secrets/match.ts'

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

/** A sign of a compromise in an entry, or in a member of an archive that the entry is. */
export interface LayerIndicator extends Indicator {
  /** Index of the entry. */
  readonly entry: number
  readonly inside: string | null
}

/**
 * Where in the tar: the name of an entry, the target of a link, an extended attribute, a comment, another PAX record, the name
 * of owner or group, what is left of a header, what lies between entries; and what the compression around the tar holds.
 */
export const TAR_FIELDS = ['name', 'link', 'xattr', 'comment', 'pax', 'owner', 'header', 'padding', 'packing'] as const
export type TarField = (typeof TAR_FIELDS)[number]

/** A secret in the headers of a layer's tar. */
export interface TarMatch extends SecretMatch {
  /** Index of the entry; null for what speaks of none or of all. */
  readonly entry: number | null
  readonly field: TarField
  /** Key of the PAX record or extended attribute; null for other fields. */
  readonly key: string | null
}

/** A small file that later steps read: users, scripts, the system's name. */
export interface Extract {
  readonly entry: number
  /** Its content, read as UTF-8. */
  readonly text: string
}

/** Something that was not looked into, beyond its raw bytes. */
export interface Skipped {
  /** The path of the entry; members of archives behind `!/`. */
  readonly path: string
  readonly reason: string
}

/** What kind of program an entry holds, told by its content. */
export type ProgramKind = 'elf' | 'script' | 'busybox' | 'bash'

/** Of the shape below: what was written by another version is not read. */
export const LAYER_SCAN_VERSION = 2

/** Something about some entries, by their index in `entries`. */
type ByEntry<T> = readonly (readonly [entry: number, value: T])[]

/** Plain data: it can be stored, sent to another process, and read again. Where the layer stands in an image is not its business. */
export interface LayerScan {
  readonly version: typeof LAYER_SCAN_VERSION
  readonly diffId: Digest
  /** Bytes of the uncompressed tar. */
  readonly size: number
  readonly entries: readonly LayerEntry[]
  readonly matches: readonly LayerMatch[]
  /** Signs of a compromise. */
  readonly indicators: readonly LayerIndicator[]
  /** Secrets in the headers of its tar. */
  readonly metadata: readonly TarMatch[]
  /** Only entries with a match, or not looked into wholly, have hashes, and of these the ones up to 16 MiB. */
  readonly hashes: ByEntry<ContentHashes>
  /** What the package databases of this layer say of the same entries. */
  readonly records: ByEntry<readonly PackageRecord[]>
  /** Entries with a match that belong to an installed package whose metadata this layer holds. */
  readonly installed: ByEntry<InPackage>
  readonly extracts: readonly Extract[]
  readonly programs: ByEntry<ProgramKind>
  readonly skipped: readonly Skipped[]
}
