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

/** Bytes that are inflated in one piece where nothing is known of their number. */
const CHUNK = 1 << 14
/** Bytes of a small stream. */
const SMALL = 1 << 14

const IN_ONE_CALL = { deflate: zlib.inflateRawSync, zlib: zlib.inflateSync, gzip: zlib.gunzipSync } as const

/**
 * Inflates small data in one call.
 * @returns the bytes, and how many of the packed ones are its own; null where it does not end, does not decode or gives more than `most`
 */
export function inflateAtOnce(
  packed: Buffer,
  kind: keyof typeof IN_ONE_CALL,
  most: number,
): { readonly bytes: Buffer; readonly read: number } | null {
  try {
    // The length that a gzip file says it has is a hint: with room for it the bytes come in one piece.
    const hint = kind === 'gzip' && packed.length >= 4 ? packed.readUInt32LE(packed.length - 4) : 0
    const chunkSize = Math.min(Math.max(hint + 64, CHUNK), OUT * 4)
    const result = IN_ONE_CALL[kind](packed, {
      maxOutputLength: Math.max(1, most),
      chunkSize,
      info: true,
    } as zlib.ZlibOptions)
    const { buffer, engine } = result as unknown as { buffer: Buffer; engine: { bytesWritten: number } }
    return { bytes: buffer, read: engine.bytesWritten }
  } catch {
    return null
  }
}

/** A stream that is small and at hand, in one call: a stream of its own takes more than it. */
async function smallStream(feed: Feed, kind: Native): Promise<Buffer | null> {
  const small = kind === 'brotli' ? null : inflateAtOnce(await feed.atHand(), kind, SMALL)
  if (small === null || small.read === 0) return null
  await feed.skip(small.read)
  return small.bytes
}

/**
 * Inflates one stream; what stands behind it is left in the feed.
 * @throws PackingError when it breaks off or does not decode
 */
export async function* inflate(feed: Feed, kind: Native): AsyncGenerator<Buffer> {
  const small = await smallStream(feed, kind)
  if (small !== null) {
    yield small
    return
  }
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
