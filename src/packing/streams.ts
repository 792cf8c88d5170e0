// Compressed streams by their kind.
import { bunzip2, isBzip2 } from './bzip2.ts'
import type { Feed } from './feed.ts'
import { gunzip } from './gzip.ts'
import { inflate } from './native.ts'
import { unxz } from './xz.ts'
import { isSkippable, isZstdFrame, unzstd } from './zstd.ts'

export { isBzip2, isSkippable, isZstdFrame }

export type Stream = 'gzip' | 'zstd' | 'xz' | 'bzip2' | 'zlib' | 'brotli'

/** Pieces of less than this are put together: each costs whoever takes it some work. */
const ENOUGH = 1 << 16
/** Pieces that are put together at most. */
const MANY = 1 << 12

export interface StreamListener {
  /** Bytes that are neither data nor structure: a name, a comment, a frame to be skipped. */
  readonly aside?: (bytes: Buffer) => void
  /** The memory that what comes next takes, in bytes; throws when that is too much. */
  readonly memory?: (bytes: number) => void
}

/**
 * Decodes one stream with all its members or frames; what stands behind it is left in the feed.
 * @throws PackingError when it breaks off or does not decode
 */
export async function* decode(kind: Stream, feed: Feed, listener: StreamListener = {}): AsyncGenerator<Buffer> {
  let small: Buffer[] = []
  let size = 0
  try {
    for await (const chunk of decoded(kind, feed, listener)) {
      if (chunk.length >= ENOUGH && size === 0) {
        yield chunk
        continue
      }
      small.push(chunk)
      size += chunk.length
      if (size < ENOUGH && small.length < MANY) continue
      yield Buffer.concat(small)
      small = []
      size = 0
    }
  } catch (error) {
    // What came before counts.
    if (size > 0) yield Buffer.concat(small)
    throw error
  }
  if (size > 0) yield Buffer.concat(small)
}

function decoded(kind: Stream, feed: Feed, { aside, memory }: StreamListener): AsyncIterable<Buffer> {
  switch (kind) {
    case 'gzip':
      return gunzip(feed, aside)
    case 'zstd':
      return unzstd(feed, memory, aside)
    case 'xz':
      return unxz(feed, memory)
    case 'bzip2':
      return bunzip2(feed)
    case 'zlib':
    case 'brotli':
      return inflate(feed, kind)
  }
}
