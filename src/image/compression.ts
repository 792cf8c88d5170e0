// Compressed streams: recognised by their first bytes, never by a name or a media type, and inflated in large chunks.
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import zlib from 'node:zlib'
import { Decompress as ZstdFallback } from 'fzstd'
import { ImageError } from '../error.ts'

/** Bytes handed on at once: large enough that the cost per chunk vanishes. */
export const CHUNK = 1 << 20

export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz' | 'unknown'

/** Tells the compression from the first bytes (263 or more, or the whole content). A tar may be all zeros. */
export function sniff(head: Buffer): Compression {
  if (head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b) return 'gzip'
  if (head.length >= 4 && head.readUInt32LE(0) === 0xfd2fb528) return 'zstd'
  if (head.toString('latin1', 257, 262) === 'ustar') return 'none'
  if (head.toString('latin1', 0, 3) === 'BZh') return 'bzip2'
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

/** A decompressor as a stream. zstd: node:zlib where it has it (Node 22.15+), else a JavaScript decoder. */
export function decompressor(compression: 'gzip' | 'zstd'): Transform {
  if (compression === 'gzip') return zlib.createGunzip({ chunkSize: CHUNK / 4 })
  const native = (zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform }).createZstdDecompress
  return native ? native({ chunkSize: CHUNK }) : zstdFallback()
}

function zstdFallback(): Transform {
  let out: Buffer[] = []
  const decoder = new ZstdFallback((chunk) => out.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)))
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      try {
        decoder.push(chunk)
        for (const piece of out) this.push(Buffer.from(piece))
        out = []
        done()
      } catch (error) {
        done(error as Error)
      }
    },
    flush(done) {
      try {
        decoder.push(new Uint8Array(0), true)
        for (const piece of out) this.push(Buffer.from(piece))
        done()
      } catch (error) {
        done(error as Error)
      }
    },
  })
}

/**
 * Inflates `source`.
 * @throws ImageError `truncated` when the data breaks off or does not decode
 */
export async function* decompress(source: AsyncIterable<Buffer>, compression: Compression, where: string): AsyncGenerator<Buffer> {
  if (compression === 'none') {
    yield* source
    return
  }
  if (compression !== 'gzip' && compression !== 'zstd') {
    throw new ImageError(
      'unknown-compression',
      `${where} is compressed in a way that is not supported (${compression}). Layers are plain, gzip or zstd: build or convert the image with one of these.`,
    )
  }
  const transform = decompressor(compression)
  let fed = 0
  const counted = (async function* () {
    for await (const chunk of source) {
      fed += chunk.length
      yield chunk
    }
  })()
  let failed: unknown = null
  const feeding = pipeline(Readable.from(counted, { objectMode: false, highWaterMark: CHUNK }), transform).catch((error: unknown) => {
    failed = error
  })
  try {
    for await (const chunk of transform) yield chunk as Buffer
  } catch (error) {
    await feeding
    const cause = failed ?? error
    if (cause instanceof ImageError) throw cause
    throw new ImageError(
      'truncated',
      `${where} does not decompress (${compression}: ${cause instanceof Error ? cause.message : String(cause)}): the archive is truncated or damaged. Save or build the image again.`,
      { cause },
    )
  }
  await feeding
  // zlib passes over what follows a zero byte behind the stream: nobody would ever read it there.
  const read = 'bytesWritten' in transform ? Number(transform.bytesWritten) : fed
  if (compression === 'gzip' && read < fed) {
    throw new ImageError('trailing-data', `${where} holds ${fed - read} bytes behind its compressed data, which no reader would look at. Save or build the image again.`)
  }
}
