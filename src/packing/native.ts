// Streams that node:zlib inflates, up to their end and no further.
import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { type Feed, PackingError } from './feed.ts'

/** Bytes handed on at once. */
const OUT = 1 << 18

export type Native = 'deflate' | 'zlib' | 'brotli'

const STREAMS: Readonly<Record<Native, () => Transform & { readonly bytesWritten: number }>> = {
  deflate: () => zlib.createInflateRaw({ chunkSize: OUT }),
  zlib: () => zlib.createInflate({ chunkSize: OUT }),
  brotli: () => zlib.createBrotliDecompress({ chunkSize: OUT }),
}

/**
 * Inflates one stream; what stands behind it is left in the feed.
 * @throws PackingError when it breaks off or does not decode
 */
export async function* inflate(feed: Feed, kind: Native): AsyncGenerator<Buffer> {
  const stream = STREAMS[kind]()
  let fed = 0
  let last: Buffer = Buffer.alloc(0)
  const closed = new Promise<void>((resolve) => {
    stream.once('close', resolve)
    stream.once('end', resolve)
  })
  const feeding = (async (): Promise<void> => {
    for (let chunk = await feed.next(); chunk !== null; chunk = await feed.next()) {
      const piece = chunk
      last = piece
      fed += piece.length
      // A stream that ends inside a piece never calls back.
      await Promise.race([new Promise<void>((resolve) => stream.write(piece, () => resolve())), closed])
      if (stream.bytesWritten < fed || stream.destroyed || stream.readableEnded) return
    }
    stream.end()
  })()
  feeding.catch((error: unknown) => stream.destroy(error instanceof Error ? error : new Error(String(error))))
  try {
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    if (error instanceof PackingError) throw error
    throw new PackingError(error instanceof Error ? error.message : String(error), { cause: error })
  } finally {
    stream.destroy()
  }
  await feeding
  feed.unread(last.subarray(last.length - Math.min(last.length, fed - stream.bytesWritten)))
}
