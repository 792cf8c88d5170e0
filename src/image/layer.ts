// A layer as a verified byte stream.
import { createHash, type Hash } from 'node:crypto'
import { ImageError } from '../error.ts'
import { decompress, sniff } from './compression.ts'
import type { ImageFiles } from './files.ts'
import type { Digest, Layer } from './image.ts'

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

const finish = (hash: Hash): Digest => `sha256:${hash.digest('hex')}`

/** @throws ImageError `missing-layer` when the blob is not in the source */
export async function storedLayer(files: ImageFiles, stored: StoredLayer): Promise<Layer> {
  const { index, diffId, digest, blob } = stored
  const where = `${files.where}: layer ${index} (${(digest ?? diffId).slice(0, 19)}…)`
  if (!(await files.has(blob))) {
    throw new ImageError(
      'missing-layer',
      `${where} is missing from the archive. docker save on a containerd store can leave layers out: save with --platform (for example --platform linux/amd64), or copy the image with skopeo and scan that.`,
    )
  }
  return {
    index,
    diffId,
    digest,
    mediaType: stored.mediaType,
    storedSize: await files.size(blob),
    open: (aside = () => {}) => verified(files, stored, where, aside),
  }
}

async function* verified(files: ImageFiles, { blob, digest, diffId }: StoredLayer, where: string, aside: (bytes: Buffer) => void): AsyncGenerator<Buffer> {
  const source = files.stream(blob)
  const iterator = source[Symbol.asyncIterator]()
  const first = await iterator.next()
  const head = first.done ? Buffer.alloc(0) : first.value
  const compression = sniff(head)
  const stored = createHash('sha256')
  const plain = createHash('sha256')
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
  const same = compression === 'none'
  for await (const chunk of decompress(same || digest === null ? all : hashed(all, stored), compression, where, { aside })) {
    plain.update(chunk)
    yield chunk
  }
  const actualDiffId = finish(plain)
  const actualDigest = same || digest === null ? actualDiffId : finish(stored)
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
