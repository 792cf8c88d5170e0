// Digests of the OCI image spec, and the names of blobs that they give.
// https://github.com/opencontainers/image-spec/blob/v1.1.1/descriptor.md#digests
import { createHash } from 'node:crypto'
import * as z from 'zod'

export type Digest = `${Algorithm}:${string}`
type Algorithm = 'sha256' | 'sha384' | 'sha512'

/** A digest as descriptors write it. */
export const digestSchema = z
  .string()
  .regex(/^(?:sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128})$/, 'no digest by sha256 or sha512')
  .transform((value) => value as Digest)

export const algorithmOf = (digest: Digest): Algorithm =>
  digest.startsWith('sha512') ? 'sha512' : digest.startsWith('sha384') ? 'sha384' : 'sha256'

export const hexOf = (digest: string): string => digest.slice(digest.indexOf(':') + 1)

/** The digest of bytes, by the algorithm of another digest where one is given. */
export function digestOf(bytes: Buffer, like?: Digest): Digest {
  const algorithm = like === undefined ? 'sha256' : algorithmOf(like)
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}

/** Where a layout holds a blob. */
export const blobName = (digest: Digest): string => `blobs/${algorithmOf(digest)}/${hexOf(digest)}`
