// The nouns of the OCI image spec as the rest of the program sees them, whatever the image was read from.
import type { Attestation } from './attestation.ts'
import type { ImageConfig } from './config.ts'
import type { Digest } from './digest.ts'
import type { Documents } from './documents.ts'
import type { Platform } from './platform.ts'

export type { Digest } from './digest.ts'

/** One layer of one image. */
export interface Layer {
  /** Position from the bottom, from 0, as in `rootfs.diff_ids`. */
  readonly index: number
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest
  /** Digest of the stored blob; null where the archive does not name one. */
  readonly digest: Digest | null
  readonly mediaType: string | null
  /** Bytes as stored, compressed or not. */
  readonly storedSize: number
  /**
   * The uncompressed tar in chunks of a megabyte; the bytes of one are valid until VALID_CHUNKS more were read. Digest and diff ID are checked while it is read: the last step throws when one
   * differs. Can be called again for a second reading.
   * @param aside told of what its compression holds beside the data: comments, frames to be skipped
   * @throws ImageError
   */
  open(aside?: (bytes: Buffer) => void): AsyncIterable<Buffer>
}

/** `dir`: a directory as skopeo writes it. */
export type ImageSource = 'docker-archive' | 'oci-layout' | 'dir' | 'engine' | 'registry'

/** One image for one platform, opened for reading. Close it. */
export interface Image extends Documents {
  /** As the user named it. */
  readonly reference: string
  /** The name the image carries in its archive, null for none. */
  readonly name: string | null
  readonly source: ImageSource
  /** Digest of the configuration. */
  readonly id: Digest
  /** Digest of the manifest; null for a legacy archive. */
  readonly digest: Digest | null
  readonly platform: Platform
  readonly config: ImageConfig
  readonly annotations: Readonly<Record<string, string>>
  /** Statements about this image in the same source. */
  readonly attestations: readonly Attestation[]
  /** Lowest first. */
  readonly layers: readonly Layer[]
  /** Other images and platforms in the same source, in words. */
  readonly notJudged: readonly string[]
  close(): Promise<void>
}

/** Which image of several, as the user said it. */
export interface Choice {
  readonly image: string | null
  readonly platform: string | null
}
