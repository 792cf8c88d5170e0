// A layer as a verified byte stream.
import { createHash, type Hash } from 'node:crypto'
import { ImageError } from '../error.ts'
import { decompress, sniff } from './compression.ts'
import { algorithmOf, type Digest } from './digest.ts'
import type { ImageFiles } from './files.ts'
import type { Layer } from './image.ts'

interface StoredLayer {
  readonly index: number
  readonly diffId: Digest
  readonly digest: Digest | null
  readonly mediaType: string | null
  /** Name of the blob in the source. */
  readonly blob: string
}

async function* hashed(source: AsyncIterable<Buffer>, hash: Hash): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk)
    yield chunk
  }
}

const ENCRYPTED = /\+encrypted$/
/** Layers that may not be handed on: archives name where their bytes are. https://github.com/opencontainers/image-spec/blob/v1.1.1/layer.md#non-distributable-layers */
const FOREIGN = /\.foreign\.|\.nondistributable\./

/** Why a layer cannot be read, for what its type says that it is; null where nothing speaks against it. */
function unreadable(mediaType: string, isThere: boolean): readonly [code: string, what: string] | null {
  if (ENCRYPTED.test(mediaType))
    return [
      'encrypted-layer',
      'is encrypted: nothing in it can be judged. Decrypt the image first (skopeo copy --decryption-key KEY SOURCE oci-archive:image.tar), then scan that',
    ]
  if (isThere) return null
  if (FOREIGN.test(mediaType))
    return [
      'foreign-layer',
      'is a foreign layer, which archives leave out: its bytes lie at another place and cannot be judged here. Build the image on a base without foreign layers',
    ]
  return [
    'missing-layer',
    'is missing from the archive. docker save on a containerd store can leave layers out: save with --platform (for example --platform linux/amd64), or copy the image with skopeo and scan that',
  ]
}

/** @throws ImageError `missing-layer`, `foreign-layer` or `encrypted-layer` when the blob is not in the source or cannot be read */
export async function storedLayer(files: ImageFiles, stored: StoredLayer): Promise<Layer> {
  const { index, diffId, digest, blob } = stored
  const where = `${files.where}: layer ${index} (${(digest ?? diffId).slice(0, 19)}…)`
  const problem = unreadable(stored.mediaType ?? '', await files.has(blob))
  if (problem !== null) throw new ImageError(problem[0], `${where} ${problem[1]}.`)
  return {
    index,
    diffId,
    digest,
    mediaType: stored.mediaType,
    storedSize: await files.size(blob),
    open: (aside = () => {}) => verified(files, stored, where, aside),
  }
}

async function* verified(
  files: ImageFiles,
  { blob, digest, diffId }: StoredLayer,
  where: string,
  aside: (bytes: Buffer) => void,
): AsyncGenerator<Buffer> {
  const source = files.stream(blob)
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  const head = first.done ? Buffer.alloc(0) : first.value
  const compression = sniff(head)
  const stored = createHash(algorithmOf(digest ?? diffId))
  const plain = createHash(algorithmOf(diffId))
  const all = (async function* () {
    if (first.done) return
    yield head
    for (;;) {
      const next = await iterator.next()
      if (next.done) return
      yield next.value
    }
  })()
  // An uncompressed blob is hashed once: digest and diff ID are the same bytes.
  const same = digest === null || (compression === 'none' && algorithmOf(digest) === algorithmOf(diffId))
  for await (const chunk of decompress(same ? all : hashed(all, stored), compression, where, { aside })) {
    plain.update(chunk)
    yield chunk
  }
  const finish = (hash: Hash, like: Digest): Digest => `${algorithmOf(like)}:${hash.digest('hex')}`
  const actualDiffId = finish(plain, diffId)
  const actualDigest = same || digest === null ? actualDiffId : finish(stored, digest)
  const compare = (what: string, actual: Digest, expected: Digest): void => {
    if (actual === expected) return
    throw new ImageError(
      'digest-mismatch',
      `${where} does not match its ${what}: it should be ${expected}, its bytes are ${actual}. The archive is damaged or was changed: save or build the image again.`,
    )
  }
  if (digest !== null) compare('digest', actualDigest, digest)
  compare('diff ID', actualDiffId, diffId)
}
