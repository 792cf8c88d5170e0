// Compressed layers and archives: recognised by their first bytes, never by a name or a media type, and read to their last byte.
import { ImageError } from '../error.ts'
import { Feed, PackingError, UnsupportedPacking } from '../packing/feed.ts'
import { decode, isBzip2, isSkippable, isZstdFrame, type StreamListener } from '../packing/streams.ts'

/** Bytes handed on at once: large enough that the cost per chunk vanishes. */
export const CHUNK = 1 << 20

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'unknown'

/** Tells the compression from the first bytes (263 or more, or the whole content). A tar may be all zeros. */
export function sniff(head: Buffer): Compression {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (isZstdFrame(head) || isSkippable(head)) return 'zstd'
  if (head.toString('latin1', 257, 262) === 'ustar') return 'none'
  if (isBzip2(head)) return 'bzip2'
  if (head.toString('latin1', 0, 6) === '\xfd7zXZ\0') return 'xz'
  return isOldTar(head) || head.subarray(0, 512).every((byte) => byte === 0) ? 'none' : 'unknown'
}

/** A tar header of the time before ustar: recognised by its checksum. */
function isOldTar(head: Buffer): boolean {
  if (head.length < 512) return false
  const written = Number.parseInt(head.toString('latin1', 148, 156).replace(/[\0 ]/g, ' ').trim(), 8)
  let sum = 8 * 32
  for (let i = 0; i < 512; i++) if (i < 148 || i >= 156) sum += head[i] ?? 0
  return written === sum
}

/**
 * Inflates `source`, every byte of it: what stands behind the compressed data is an error, since nobody would ever read it.
 * @throws ImageError `truncated` when the data breaks off or does not decode, `trailing-data` when bytes are left
 */
export async function* decompress(
  source: AsyncIterable<Buffer>,
  compression: Compression,
  where: string,
  listener: StreamListener = {},
): AsyncGenerator<Buffer> {
  if (compression === 'none') {
    yield* source
    return
  }
  if (compression === 'unknown') {
    throw new ImageError(
      'unknown-compression',
      `${where} is compressed in a way that is not supported. Layers are plain, gzip, zstd, xz or bzip2: build or convert the image with one of these.`,
    )
  }
  const feed = Feed.of(source)
  try {
    yield* decode(compression, feed, listener)
  } catch (cause) {
    if (!(cause instanceof PackingError)) throw cause
    if (cause instanceof UnsupportedPacking) {
      throw new ImageError(
        'unknown-compression',
        `${where} cannot be decompressed (${compression}: ${cause.message}). Build or convert the image with gzip or zstd.`,
        { cause },
      )
    }
    throw new ImageError(
      'truncated',
      `${where} does not decompress (${compression}: ${cause.message}): the archive is truncated or damaged. Save or build the image again.`,
      {
        cause,
      },
    )
  }
  const end = feed.position
  for (let chunk = await feed.next(); chunk !== null; chunk = await feed.next());
  if (feed.position > end) {
    throw new ImageError(
      'trailing-data',
      `${where} holds ${feed.position - end} bytes behind its compressed data, which no reader would look at. Save or build the image again.`,
    )
  }
}
