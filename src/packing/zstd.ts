// zstd by RFC 8878: frames one after the other, some of them to be skipped. Its headers say where a frame ends, so that
// each is decoded whole and no byte behind one is lost, whatever decodes it.
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import zlib from 'node:zlib'
import { Decompress as Fallback } from 'fzstd'
import { type Feed, PackingError, UnsupportedPacking } from './feed.ts'

const MAGIC = 0xfd2fb528
/** Bytes handed on at once. */
const OUT = 1 << 20
/** As the zstd command, without a word that it may take more: the memory that decoding takes. */
const MAX_WINDOW = 128 << 20
/** Bytes of a frame to be skipped that are handed out at once, and of the next that are handed out with them. */
const ASIDE = 1 << 20
const OVERLAP = 1 << 12
/** A frame's header, at most. */
const HEADER = 18

export const isZstdFrame = (head: Buffer): boolean => head.length >= 4 && head.readUInt32LE(0) === MAGIC
/** A frame that holds something else: a table of contents (zstd:chunked), the size of the next frame (pzstd). */
export const isSkippable = (head: Buffer): boolean =>
  head.length >= 8 && (head.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50

/** What the header of a frame says, or null where it is none. */
export function frameHeader(head: Buffer): {
  readonly length: number
  readonly window: number
  readonly hasChecksum: boolean
  readonly dictionary: boolean
} | null {
  const descriptor = head[4]
  if (!isZstdFrame(head) || descriptor === undefined || (descriptor & 8) !== 0) return null
  const single = (descriptor & 32) !== 0
  const idLength = [0, 1, 2, 4][descriptor & 3] ?? 0
  const sizeLength = [single ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0
  const length = 5 + (single ? 0 : 1) + idLength + sizeLength
  if (head.length < length) return null
  const exponent = head[5] ?? 0
  const base = 2 ** (10 + (exponent >> 3))
  const size =
    sizeLength === 0
      ? 0
      : sizeLength === 8
        ? Number(head.readBigUInt64LE(length - 8))
        : head.readUIntLE(length - sizeLength, sizeLength) + (sizeLength === 2 ? 256 : 0)
  const id = head.subarray(length - sizeLength - idLength, length - sizeLength)
  return {
    length,
    window: single ? size : base + (base / 8) * (exponent & 7),
    hasChecksum: (descriptor & 4) !== 0,
    dictionary: id.some((byte) => byte !== 0),
  }
}

/** Told of what is no compressed data: the content of a frame to be skipped. */
export type OnAside = (bytes: Buffer) => void

/** Told how much memory a frame takes; throws when that is too much. */
export type OnWindow = (bytes: number) => void

const broken = (): PackingError => new PackingError('unexpected end of file')

/** The bytes of all frames, cut where one ends; what is no frame is left in the feed. */
async function* frames(feed: Feed, onWindow: OnWindow, onAside: OnAside): AsyncGenerator<Buffer> {
  for (let head = await feed.peek(HEADER); isZstdFrame(head) || isSkippable(head); head = await feed.peek(HEADER)) {
    if (isSkippable(head)) {
      const length = head.readUInt32LE(4)
      await feed.skip(8)
      for (let left = length; left > 0; left -= ASIDE) {
        // Pieces overlap, so that nothing in them is cut.
        onAside(await feed.peek(Math.min(left, ASIDE + OVERLAP)))
        if (!(await feed.skip(Math.min(left, ASIDE)))) throw broken()
      }
      continue
    }
    const header = frameHeader(head)
    if (header === null)
      throw new PackingError(head.length < HEADER ? 'unexpected end of file' : 'the header of a frame is damaged')
    if (header.dictionary) throw new UnsupportedPacking('it needs a dictionary that is not at hand')
    if (header.window > MAX_WINDOW) throw new UnsupportedPacking(`it takes more than ${MAX_WINDOW} bytes of memory`)
    onWindow(header.window)
    yield* oneFrame(feed, header)
  }
}

/** One frame: small ones in one piece, since each piece is a step of its own. */
async function* oneFrame(
  feed: Feed,
  header: { readonly length: number; readonly hasChecksum: boolean },
): AsyncGenerator<Buffer> {
  let pieces: Buffer[] = [await feed.take(header.length)]
  let held = header.length
  for (let last = false; !last; ) {
    const block = await feed.take(3)
    if (block.length < 3) {
      yield Buffer.concat(pieces)
      throw broken()
    }
    const value = block.readUIntLE(0, 3)
    last = (value & 1) === 1
    const type = (value >> 1) & 3
    if (type === 3) throw new PackingError('a block of unknown type')
    const length = (type === 1 ? 1 : value >> 3) + (last && header.hasChecksum ? 4 : 0)
    pieces.push(block)
    held += block.length + length
    let left = length
    for await (const piece of feed.part(length)) {
      pieces.push(piece)
      left -= piece.length
    }
    if (left > 0) {
      // What there is of it is decoded all the same.
      yield Buffer.concat(pieces)
      throw broken()
    }
    if (held < OUT / 4 && !last) continue
    yield Buffer.concat(pieces)
    pieces = []
    held = 0
  }
}

/**
 * Decodes all frames; what stands behind the last is left in the feed.
 * @param isNative false takes the decoder in JavaScript
 * @throws PackingError when one breaks off or does not decode
 */
export async function* unzstd(
  feed: Feed,
  onWindow: OnWindow = () => {},
  onAside: OnAside = () => {},
  isNative = true,
): AsyncGenerator<Buffer> {
  const source = frames(feed, onWindow, onAside)
  const first = await source.next()
  if (first.done) return
  const all = async function* (): AsyncGenerator<Buffer> {
    yield first.value
    yield* source
  }
  const stream = decoder(isNative)
  let failed: unknown = null
  const feeding = pipeline(Readable.from(all(), { objectMode: false, highWaterMark: 1 << 16 }), stream).catch(
    (error: unknown) => {
      failed = error
    },
  )
  try {
    for await (const chunk of stream) yield chunk as Buffer
  } catch (error) {
    await feeding
    const cause = failed ?? error
    // A codec's own errors are plain ones; those of the source and of whoever listens have names.
    if (cause instanceof Error && cause.name !== 'Error' && cause.name !== 'TypeError') throw cause
    throw new PackingError(cause instanceof Error ? cause.message : String(cause), { cause })
  } finally {
    stream.destroy()
  }
  await feeding
}

/** node:zlib where it has zstd (Node 22.15 and later), else JavaScript. */
function decoder(isNative: boolean): Transform {
  const native = (zlib as { createZstdDecompress?: (options: { chunkSize: number }) => Transform }).createZstdDecompress
  return native !== undefined && isNative ? native({ chunkSize: OUT }) : fallback()
}

function fallback(): Transform {
  let out: Buffer[] = []
  const inner = new Fallback((chunk) => out.push(Buffer.from(chunk)))
  const step = (stream: Transform, chunk: Uint8Array, last: boolean, done: (error?: Error) => void): void => {
    try {
      inner.push(chunk, last)
      for (const piece of out) stream.push(piece)
      out = []
      done()
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)))
    }
  }
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      step(this, chunk, false, done)
    },
    flush(done) {
      // It holds the last bytes back until it is told that no more follow.
      step(this, new Uint8Array(0), true, done)
    },
  })
}
